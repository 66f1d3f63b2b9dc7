import { runCalm } from "./calm-seed.ts";

/** A child process of `npm run sim:calm -- --jobs`: runs the hours that it is sent, one after the other. */
process.on("message", (seed: number) => {
  void runCalm(seed).then((record) => process.send?.(record));
});

import { runSeed } from "./run-seed.ts";

/** A child process of `npm run sim -- --jobs`: runs the seeds that it is sent, one after the other. */
process.on("disconnect", () => process.exit());
process.on("message", (seed: number) => {
  void runSeed({ seed }).then(({ record }) => process.send?.(record));
});

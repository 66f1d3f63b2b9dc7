import { cadences } from "../../lib/core/cadence.ts";
import { runCalm } from "./calm-seed.ts";

const cadence = cadences.find((one) => one === process.argv[2]);

/** A child process of `npm run sim:calm -- --jobs`: runs the hours that it is sent, one after the other. */
process.on("disconnect", () => process.exit());
process.on("message", (seed: number) => {
  void runCalm(seed, { cadence }).then((record) => process.send?.(record));
});

import { type CrashPlan, endOf, runCrashPlan } from "./crash-run.ts";

/** A child process of `npm run crash-points -- --jobs`: runs the plans that it is sent, one after the other. */
process.on("disconnect", () => process.exit());
process.on("message", ({ plan }: { readonly plan: CrashPlan }) => {
  void runCrashPlan(plan).then((result) => process.send?.(endOf(plan, result)));
});

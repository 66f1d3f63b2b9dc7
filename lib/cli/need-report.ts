import { assertNever } from "../core/assert-never.ts";
import { collectStatus } from "../status/collect.ts";
import type { StatusReport } from "../status/report.ts";
import type { CliContext, Services } from "./context.ts";
import { needRead } from "./exit.ts";
import { unknownGroup } from "./group-state.ts";

/** The status of one group or of all, or the error that ends the command. */
export async function needReport(
  context: CliContext,
  services: Services,
  group: string | undefined,
): Promise<StatusReport> {
  const collected = await collectStatus({ ...services, clock: context.clock }, group);
  switch (collected.kind) {
    case "report":
      return collected.report;
    case "unknown-group":
      throw unknownGroup(collected.group, collected.known);
    case "unread":
      return needRead(collected.failure, collected.doing);
    default:
      return assertNever(collected);
  }
}

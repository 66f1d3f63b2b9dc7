import type { Result } from "../ports/errors.ts";

/** What the exit code tells a script. */
export const exitCodes = {
  fine: 0,
  /** Not healthy, refused by the group's state, or not done in time. */
  unfinished: 1,
  /** A usage or input error: nothing was asked or changed. */
  usage: 2,
  /** The table could not be read or written. */
  store: 3,
  /** Nothing is wrong now, and the next fault would make it so: `doctor` alone says this. */
  warnings: 4,
} as const;

/** An error that people expect: its message is shown without a stack trace. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}

/** The value of a call that only reads; its failure ends the command. */
export function needRead<T>(result: Result<T>, doing: string): T {
  return need(result.ok ? result : { ...result, isOutcomeKnown: true }, doing);
}

/** The value of a call that writes to the table; its failure ends the command, and says whether it may be in doubt. */
export function need<T>(result: Result<T>, doing: string): T {
  if (result.ok) return result.value;
  const doubt = result.isOutcomeKnown ? "" : "; it may have happened all the same";
  throw new CliError(exitCodes.store, `${doing}: ${result.why}${doubt}. ${adviceFor(result.kind)}`);
}

function adviceFor(kind: string): string {
  switch (kind) {
    case "denied":
      return "Check the AWS credentials and what they may do with the table.";
    case "unreachable":
    case "timeout":
    case "cut":
      return "Check the network, the region and AWS_ENDPOINT_URL_DYNAMODB, then run the command again.";
    case "throttled":
      return "Run the command again in a moment.";
    default:
      return "Check --table (or LAMBDA_SENTINEL_TABLE) and --region.";
  }
}

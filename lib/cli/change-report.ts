import { describeState } from "../status/collect.ts";
import type { StateStatus } from "../status/report.ts";
import type { ConfirmOptions } from "./confirm.ts";
import type { CliContext, Services, Terminal } from "./context.ts";
import { exitCodes } from "./exit.ts";

export interface ChangeOptions extends ConfirmOptions {
  readonly json?: boolean;
}

/**
 * What a command that changes something prints with `--json`. Fields are added and never changed in meaning; `schema` is
 * raised when one must go. docs/cli.md describes it for people.
 */
export interface ChangeReport {
  readonly schema: 1;
  /** Wall clock of this machine, ISO 8601, when the command had ended. */
  readonly at: string;
  readonly table: string;
  readonly command: string;
  /** null: the command is about a file of groups. */
  readonly group: string | null;
  /** "planned": with --dry-run. "unfinished": exit code 1; what was begun goes on, as `why` says. */
  readonly outcome: "planned" | "done" | "unfinished";
  /** What a person reads, line by line. */
  readonly said: readonly string[];
  /** Why it is unfinished; null: it is not. */
  readonly why: string | null;
  /** The group's state when the command had ended; null: there is none, or it could not be read. */
  readonly state: (StateStatus & { readonly pause: PauseAsked | null }) | null;
}

interface PauseAsked {
  readonly by: string;
  readonly reason: string;
  readonly until: string | null;
}

export interface Change<O extends ChangeOptions> {
  /** As it is typed: "notify test". */
  readonly command: string;
  readonly group: string | null;
  readonly options: O;
  readonly run: (context: CliContext, options: O) => Promise<number>;
}

/**
 * Runs a command as it is for people, or, with `--json`, keeps what it says and prints one object at its end. Nobody can be
 * asked then, so a command that asks wants `--yes`. An error is told on standard error, as ever, and prints no object.
 */
export async function runChange<O extends ChangeOptions>(
  context: CliContext,
  { command, group, options, run }: Change<O>,
): Promise<number> {
  if (options.json !== true) return run(context, options);
  const services = context.open(options);
  const said: string[] = [];
  const errors: string[] = [];
  const terminal: Terminal = {
    ...context.terminal,
    isInteractive: false,
    columns: null,
    out: (line) => said.push(line),
    error: (line) => {
      errors.push(line);
      context.terminal.error(line);
    },
    paint: (_style, text) => text,
  };
  const code = await run({ ...context, open: () => services, terminal }, options);
  const isFine = code === exitCodes.fine;
  const report: ChangeReport = {
    schema: 1,
    at: context.clock.wallTime(),
    table: services.table,
    ...{ command, group, said },
    outcome: isFine ? (options.dryRun === true ? "planned" : "done") : "unfinished",
    why: isFine ? null : (errors.at(-1) ?? said.at(-1) ?? null),
    state: group === null ? null : await stateAfter(services, group),
  };
  context.terminal.out(JSON.stringify(report, null, 2));
  return code;
}

/** What was done is done, whether the table answers once more or not. */
async function stateAfter({ store }: Services, group: string): Promise<ChangeReport["state"]> {
  const stored = await store.readState(group);
  if (!stored.ok || stored.value.kind !== "state") return null;
  const { state } = stored.value;
  const { pause } = state;
  const asked = pause === null ? null : { by: pause.by, reason: pause.reason, until: pause.until };
  return { ...describeState(state), pause: asked };
}

import type { Ended, Framework } from "./osls.ts";
import type { Stack } from "./stack.ts";

export type StageCommand = "package" | "deploy" | "remove";

export interface StageRun {
  readonly command: StageCommand;
  readonly stage: string;
  /** In the order in which they are deployed. */
  readonly stacks: readonly Stack[];
  /** The observer to go on from, after a run that stopped; null: from the first. */
  readonly from: string | null;
  /** The stage's file where it is not that of its name; null: it is. */
  readonly file: string | null;
}

/** Who hears what is being done. */
export interface Out {
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

/**
 * Runs a command for each stack of a stage, one after the other, and stops at the first that fails: a version that is bad
 * for one observer must not reach the others. All stacks are packaged before the first is deployed. Returns the process's
 * exit code: 0, or 1 when a stack failed.
 */
export async function runStage(run: StageRun, framework: Framework, out: Out): Promise<number> {
  if (run.command === "deploy") {
    // What can't be packaged is mended, and then the whole deployment begins again: nothing was deployed yet.
    const packaged = await forEach({ ...run, command: "package" }, framework, out, () =>
      commandLine(run, run.from),
    );
    if (packaged !== 0) return packaged;
  }
  const done = await forEach(run, framework, out);
  if (done === 0)
    out.say(
      `${pastOf[run.command]} ${stacksOf(run).length} of ${run.stacks.length} stacks of stage ${run.stage}`,
    );
  if (done === 0 && run.command === "remove") out.say(keptOf(run));
  return done;
}

const pastOf = { package: "packaged", deploy: "deployed", remove: "removed" } as const;

async function forEach(
  run: StageRun,
  framework: Framework,
  out: Out,
  goOn = (stack: Stack) => commandLine(run, stack.observer),
): Promise<number> {
  const stacks = stacksOf(run);
  for (const [index, stack] of stacks.entries()) {
    out.say(`[${index + 1}/${stacks.length}] ${run.command} ${stack.name} in ${stack.region}`);
    const ended = await framework[run.command](stack);
    if (ended === 0) continue;
    out.complain(explain(run, stack, stacks.slice(0, index), ended));
    out.complain(`When what it says above is mended, go on with: ${goOn(stack)}`);
    return 1;
  }
  return 0;
}

/** The stack that owns the table is removed last: until then the others can say that they are gone. */
function stacksOf({ command, stacks, from }: StageRun): readonly Stack[] {
  const ordered = command === "remove" ? stacks.toReversed() : stacks;
  const start = from === null ? 0 : ordered.findIndex((stack) => stack.observer === from);
  return ordered.slice(Math.max(start, 0));
}

function explain(run: StageRun, stack: Stack, done: readonly Stack[], ended: Ended): string {
  const how = typeof ended === "number" ? `exit code ${ended}` : ended;
  const names = done.map((one) => one.observer);
  const before =
    names.length === 0 ? "nothing was" : `${names.join(", ")} ${names.length === 1 ? "is" : "are"}`;
  return `expected ${run.command} of ${stack.name} to succeed, got ${how}: ${before} ${pastOf[run.command]} in this run, and nothing after it was tried.`;
}

function commandLine({ command, stage, file }: StageRun, from: string | null): string {
  const options = [
    ...(file === null ? [] : ["--file", file]),
    ...(from === null ? [] : ["--from", from]),
  ];
  return [`npm run ${command} -- --stage ${stage}`, ...options].join(" ");
}

function keptOf({ stacks }: StageRun): string {
  const [home] = stacks;
  const where = home === undefined ? "" : ` ${home.table} in ${home.tableRegion}`;
  return `The table${where} is kept, with every decision ever made; docs/upgrading.md#take-it-away says how to delete it.`;
}

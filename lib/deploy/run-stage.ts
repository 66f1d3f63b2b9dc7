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
    const packaged = await forEach({ ...run, command: "package" }, framework, out);
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

async function forEach(run: StageRun, framework: Framework, out: Out): Promise<number> {
  const stacks = stacksOf(run);
  for (const [index, stack] of stacks.entries()) {
    out.say(`[${index + 1}/${stacks.length}] ${run.command} ${stack.name} in ${stack.region}`);
    const ended = await framework[run.command](stack);
    if (ended === 0) continue;
    out.complain(explain(run, stack, stacks.slice(0, index), ended));
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
  return [
    `expected ${run.command} of ${stack.name} to succeed, got ${how}: ${before} ${pastOf[run.command]} in this run, and nothing after it was tried.`,
    `When what it says above is mended, go on with: npm run ${run.command} -- --stage ${run.stage} --from ${stack.observer}`,
  ].join("\n");
}

function keptOf({ stacks }: StageRun): string {
  const [home] = stacks;
  const where = home === undefined ? "" : ` ${home.table} in ${home.tableRegion}`;
  return `The table${where} is kept, with every decision ever made; docs/deploying.md says how to delete it.`;
}

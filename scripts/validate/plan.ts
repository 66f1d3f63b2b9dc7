/** Steps that make things which cost money, and the way back from each of them. */

export interface Step {
  readonly name: string;
  /** One sentence for people: what it makes or does. */
  readonly what: string;
  run(signal: AbortSignal): Promise<void>;
  /** Takes back what the step made, also where it was made by half; null: it made nothing. */
  readonly undo: Undo | null;
}

export interface Undo {
  readonly what: string;
  run(): Promise<void>;
  /** What people do where it failed for good. */
  readonly byHand: string;
}

export interface PlanOut {
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

export interface Outcome {
  /** Why the steps ended early; null: all were done. */
  readonly failure: string | null;
  /** What could not be taken back, by hand. */
  readonly left: readonly string[];
}

export interface PlanOptions {
  readonly signal: AbortSignal;
  /** How often a way back is tried; what was begun in the cloud may have to end first. */
  readonly undoTimes: number;
  readonly pauseMs: number;
  sleep(ms: number): Promise<void>;
}

/**
 * Runs the steps in order, then every way back in the other order: also after a failure or an abort, also of the step that failed,
 * and each one whatever became of the others. A step that runs is waited for, because taking back what is still being made
 * takes nothing back.
 */
export async function runPlan(
  steps: readonly Step[],
  out: PlanOut,
  options: PlanOptions,
): Promise<Outcome> {
  const begun: Step[] = [];
  let failure: string | null = null;
  for (const [index, step] of steps.entries()) {
    if (options.signal.aborted) failure = "it was told to stop";
    if (failure !== null) break;
    out.say(`[${index + 1}/${steps.length}] ${step.name}: ${step.what}`);
    begun.push(step);
    try {
      await step.run(options.signal);
    } catch (error) {
      failure = `${step.name}: ${sayError(error)}`;
      out.complain(failure);
    }
  }
  const left = await undoAll(begun.toReversed(), out, options);
  return { failure, left };
}

async function undoAll(
  steps: readonly Step[],
  out: PlanOut,
  options: PlanOptions,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { name, undo } of steps) {
    if (undo === null) continue;
    out.say(`[clean-up] ${undo.what}`);
    if (!(await isUndone(name, undo, out, options))) left.push(undo.byHand);
  }
  return left;
}

async function isUndone(
  name: string,
  undo: Undo,
  out: PlanOut,
  { undoTimes, pauseMs, sleep }: PlanOptions,
): Promise<boolean> {
  for (let time = 1; time <= undoTimes; time += 1) {
    try {
      await undo.run();
      return true;
    } catch (error) {
      out.complain(`clean-up of ${name}, ${time} of ${undoTimes}: ${sayError(error)}`);
      if (time < undoTimes) await sleep(pauseMs);
    }
  }
  return false;
}

export function sayError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

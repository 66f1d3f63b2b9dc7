import type { Look, Outcome } from "../../lib/core/commands.ts";
import { step } from "../../lib/core/decide.ts";
import type { Memory } from "../../lib/core/memory.ts";
import { execute } from "../../lib/shift/execute.ts";
import { dropSessions } from "../../lib/shift/hands.ts";
import { observe } from "../../lib/shift/observe.ts";
import type { Asked, Heard } from "./calls.ts";
import { Line } from "./line.ts";
import type { Standing } from "./servers.ts";
import type { Wait } from "./waits.ts";

/**
 * One turn of a watch, from a look to the outcomes of what was decided on it: all that an invocation carries from one
 * turn to the next, as plain data.
 */
export interface Turn {
  readonly memory: Memory;
  readonly look: Look;
  readonly outcomes: readonly Outcome[];
  /** The effect sessions that stand open. */
  readonly sessions: readonly Standing[];
  /** How long it waits before it looks. */
  readonly wait: Wait;
  /** Writes of this invocation that may yet arrive: its next ones need names of their own. */
  readonly strays: number;
}

export interface Replayed {
  /** What the turn is waiting for. */
  readonly asked: readonly Asked[];
  /** What it decided, once it has. */
  readonly rule: string | null;
  /** Why an effect should not have started (invariant S4). */
  readonly late: string | null;
  /** How the turn ended; null: it waits. */
  readonly end: Ended | null;
}

export interface Ended extends Pick<Turn, "memory" | "look" | "outcomes" | "sessions"> {
  readonly nowMs: number;
}

/**
 * Runs the real observe(), step() and execute() from the start of a turn, with ports that give the answers of the log
 * in their order. What is not in the log is what the turn waits for. Promises cannot be copied; a log can.
 */
export async function replay(turn: Turn, heard: readonly Heard[]): Promise<Replayed> {
  const line = new Line(turn);
  let end: Ended | null = null;
  let broken: unknown = null;
  run(line, turn).then(
    (ended) => {
      end = ended;
    },
    (error: unknown) => {
      broken = error;
    },
  );
  await settle();
  for (const one of heard) {
    line.hear(one);
    await settle();
  }
  if (broken !== null) throw broken;
  return { asked: line.waiting(), rule: line.rule, late: line.late, end };
}

/** One turn of the event loop runs every promise reaction that is due. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function run(line: Line, turn: Turn): Promise<Ended> {
  const { memory, look, outcomes } = turn;
  const hands = line.hands();
  const attempt = `${memory.shift}#${turn.strays}`;
  const seen = await observe(hands, { look, config: memory.config, memory, outcomes, attempt });
  const stepped = step(memory, seen);
  line.rule = stepped.decision.rule;
  const done = await execute(hands, stepped.memory, stepped.decision);
  // As watchGroup() does: calm holds no sessions.
  if (line.rule === "R799") dropSessions(hands);
  return {
    memory: stepped.memory,
    look: stepped.decision.look,
    outcomes: done,
    sessions: line.standing(hands.sessions),
    nowMs: line.nowMs,
  };
}

import { actorOf } from "./actor.ts";
import { movesOf } from "./calm.ts";
import { faultMoves } from "./fault-moves.ts";
import type { Broken } from "./invariants.ts";
import { processMoves } from "./process-moves.ts";
import { begin } from "./prologue.ts";
import type { Scope } from "./scope.ts";
import { type Move, Space } from "./space.ts";
import { StateTable } from "./state-table.ts";
import type { Packed } from "./world.ts";

/** What an exploration found. */
export interface Explored {
  readonly scope: Scope;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** Whether every state within the bounds was visited. */
  readonly isComplete: boolean;
  /** Moves that a bound forbade. */
  readonly bounded: number;
  /** How often each rule decided, and each other thing worth counting was seen. */
  readonly seen: ReadonlyMap<string, number>;
  readonly violation: Violation | null;
  readonly watches: number;
  readonly replays: number;
}

export interface Violation extends Broken {
  /** One line a move, from the scope's first state; none is shorter. */
  readonly path: readonly string[];
}

export type Progress = (line: {
  readonly states: number;
  readonly depth: number;
  readonly waiting: number;
}) => void;

const progressEvery = 200_000;

/**
 * Breadth first from the scope's first state: every move of everybody, everything that may go wrong, each state once.
 * Ends at the first transition that breaks an invariant, which no shorter path reaches.
 */
export async function explore(scope: Scope, onProgress: Progress = () => {}): Promise<Explored> {
  const space = new Space(scope);
  const first = await begin(space);
  const table = new StateTable(first.length);
  table.add(first, -1);
  const seen = new Map<string, number>();
  let transitions = 0;
  let depth = 0;
  let levelEnd = 1;
  let violation: Violation | null = null;
  let row = 0;
  const found: { from: number; move: Move }[] = [];
  const visit = (move: Move) => {
    transitions += 1;
    for (const one of move.seen) seen.set(one, (seen.get(one) ?? 0) + 1);
    if (move.broken !== null && found.length === 0) found.push({ from: row, move });
    table.add(move.to, row);
  };
  for (; row < table.size && row < scope.bounds.states; row += 1) {
    if (row === levelEnd) {
      depth += 1;
      levelEnd = table.size;
    }
    const at = table.get(row);
    const world = space.codec.unpack(at);
    faultMoves(space, at, { ...scope, world }, visit);
    for (let process = 0; process < world.watches.length; process += 1) {
      await processMoves(actorOf(space, at, world, process), visit);
    }
    const [broken] = found;
    if (broken !== undefined) {
      violation = await violationOf(space, table, broken.from, broken.move);
      break;
    }
    if (row % progressEvery === progressEvery - 1) {
      onProgress({ states: table.size, depth, waiting: table.size - row });
    }
  }
  return {
    scope,
    states: table.size,
    transitions,
    depth,
    isComplete: row >= table.size && violation === null,
    bounded: space.bounded,
    seen,
    violation,
    watches: space.watches.size,
    replays: space.watches.replays,
  };
}

async function violationOf(
  space: Space,
  table: StateTable,
  from: number,
  move: Move,
): Promise<Violation> {
  const { invariant, what } = move.broken ?? { invariant: "", what: "" };
  return { invariant, what, path: [...(await pathTo(space, table, from)), move.text()] };
}

/** The moves that led to a state, found again between each state and the one it was reached from. */
async function pathTo(space: Space, table: StateTable, row: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let at = row; table.parentOf(at) >= 0; at = table.parentOf(at)) {
    const moves = await movesOf(space, table.get(table.parentOf(at)));
    const move = moves.find((one) => isEqual(one.to, table.get(at)));
    lines.unshift(move?.text() ?? "a move that is not found again");
  }
  return lines;
}

function isEqual(a: Packed, b: Packed): boolean {
  return a.every((part, index) => part === b[index]);
}

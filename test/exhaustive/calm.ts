import { actorOf } from "./actor.ts";
import type { Budget } from "./book.ts";
import { type Circumstances, faultMoves } from "./fault-moves.ts";
import { plainMove, processMoves } from "./process-moves.ts";
import type { Move, Space } from "./space.ts";
import type { Packed } from "./world.ts";

/** Moves one by one: the next answer without faults, a turn of it, or a named move. */

const movesMax = 60;

/** One process hears what a calm world answers next. */
export async function calmMove(space: Space, at: Packed, process: number): Promise<Move> {
  const moves: Move[] = [];
  const world = space.codec.unpack(at);
  await plainMove(actorOf(space, at, world, process), (move) => moves.push(move));
  const [move] = moves;
  if (move === undefined)
    throw new Error("expected a calm answer; a bound of the scope forbids it");
  return move;
}

/** One process goes on to the end of its turn; says what it decided on the way. */
export async function calmTurn(
  space: Space,
  from: Packed,
  process: number,
): Promise<{ readonly at: Packed; readonly seen: readonly string[]; readonly move: Move }> {
  let at = from;
  const seen: string[] = [];
  for (let count = 0; count < movesMax; count += 1) {
    const move = await calmMove(space, at, process);
    at = move.to;
    seen.push(...move.seen);
    const { watches } = space.codec.unpack(at);
    const isOver = space.watches.watchOf(watches[process] ?? -1).heard.length === 0;
    if (isOver || move.broken !== null) return { at, seen, move };
  }
  throw new Error("expected the turn to end");
}

/** Every move of a world. */
export async function movesOf(
  space: Space,
  at: Packed,
  { victims, restarts }: Pick<Circumstances, "victims" | "restarts"> = space.scope,
): Promise<readonly Move[]> {
  const moves: Move[] = [];
  const world = space.codec.unpack(at);
  faultMoves(space, at, { world, victims, restarts }, (move) => moves.push(move));
  for (let process = 0; process < world.watches.length; process += 1) {
    await processMoves(actorOf(space, at, world, process), (move) => moves.push(move));
  }
  return moves;
}

/** The world in which this much may still go wrong. */
export function withBudget(space: Space, at: Packed, left: Budget): Packed {
  const world = space.codec.unpack(at);
  return space.codec.pack(at, world, { ...world, book: { ...world.book, left } });
}

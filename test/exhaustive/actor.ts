import { type Fault, spend } from "./book.ts";
import type { Heard } from "./calls.ts";
import type { Change, Space } from "./space.ts";
import type { Watch } from "./watches.ts";
import type { Packed, World } from "./world.ts";

/** What one process can do next in one world. */
export interface Actor {
  readonly space: Space;
  readonly at: Packed;
  readonly world: World;
  readonly process: number;
  readonly name: string;
  readonly observer: string;
  readonly watchId: number;
  readonly watch: Watch;
}

export function actorOf(space: Space, at: Packed, world: World, process: number): Actor {
  const watchId = world.watches[process] ?? -1;
  const { name = "", observer = "" } = space.scope.processes[process] ?? {};
  return {
    space,
    at,
    world,
    process,
    name,
    observer,
    watchId,
    watch: space.watches.watchOf(watchId),
  };
}

/** One way in which a question is answered. */
export interface Reply {
  readonly heard: readonly Heard[];
  readonly change: Change;
  readonly text: () => string;
  /** Where the answer depends on numbered parts alone, its number. */
  readonly id?: number;
}

export function unchanged(world: World): Change {
  return { world, broken: null, seen: [] };
}

/** The world in which one of these may go wrong less. */
export function spendIn(world: World, fault: Fault): World {
  return { ...world, book: spend(world.book, fault) };
}

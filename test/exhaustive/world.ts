import { assertNever } from "../../lib/core/assert-never.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Vote } from "../../lib/core/model.ts";
import type { RecordChange, RecordSet } from "../../lib/core/records.ts";
import type { Book } from "./book.ts";
import { Interner } from "./intern.ts";
import { isStanding, type Sent, type Servers, serverOf } from "./servers.ts";

/** What was sent and has not arrived: it may yet, whoever gave it up. */
export type Stray =
  | { readonly to: "node"; readonly sent: Sent }
  | {
      readonly to: "state";
      readonly by: string;
      readonly attempt: string;
      readonly base: number | null;
      readonly next: GroupState;
    }
  | { readonly to: "votes"; readonly vote: Vote }
  | { readonly to: "zone"; readonly by: string; readonly changes: readonly RecordChange[] };

/** One state of everything: what is stored, the servers, what is under way, and each process's watch by its number. */
export interface World {
  readonly state: GroupState;
  readonly votes: readonly Vote[];
  readonly zone: readonly RecordSet[];
  readonly servers: Servers;
  readonly strays: readonly Stray[];
  readonly book: Book;
  readonly watches: readonly number[];
}

/** A state as numbers: equal worlds have equal ones. */
export type Packed = readonly number[];

/** The parts before the watches. */
export const partsMax = 6;

/** Gives worlds their numbers, and numbers their worlds. */
export class Codec {
  readonly config: GroupConfig;
  readonly states = new Interner<GroupState>();
  readonly votes = new Interner<readonly Vote[]>();
  readonly zones = new Interner<readonly RecordSet[]>();
  readonly servers = new Interner<Servers>();
  readonly strays = new Interner<readonly Stray[]>();
  readonly books = new Interner<Book>();

  constructor(config: GroupConfig) {
    this.config = config;
  }

  unpack(packed: Packed): World {
    const [state = 0, votes = 0, zone = 0, servers = 0, strays = 0, book = 0, ...watches] = packed;
    return {
      state: this.states.valueOf(state),
      votes: this.votes.valueOf(votes),
      zone: this.zones.valueOf(zone),
      servers: this.servers.valueOf(servers),
      strays: this.strays.valueOf(strays),
      book: this.books.valueOf(book),
      watches,
    };
  }

  /** Packs what differs; what is the very same part keeps its number. */
  pack(before: Packed, was: World, is: World): Packed {
    const isStrayOld = is.strays === was.strays;
    const isSame = isStrayOld && is.state === was.state && is.servers === was.servers;
    const strays = isSame && is.votes === was.votes ? is.strays : alive(is);
    const [state = 0, votes = 0, zone = 0, servers = 0, stray = 0, book = 0] = before;
    return [
      is.state === was.state ? state : this.states.idOf(is.state),
      is.votes === was.votes ? votes : this.votes.idOf(is.votes),
      is.zone === was.zone ? zone : this.zones.idOf(is.zone),
      is.servers === was.servers ? servers : this.servers.idOf(is.servers),
      strays === was.strays ? stray : this.strays.idOf(strays),
      is.book === was.book ? book : this.books.idOf(is.book),
      ...is.watches,
    ];
  }

  packNew(world: World): Packed {
    return [
      this.states.idOf(world.state),
      this.votes.idOf(world.votes),
      this.zones.idOf(world.zone),
      this.servers.idOf(world.servers),
      this.strays.idOf(alive(world)),
      this.books.idOf(world.book),
      ...world.watches,
    ];
  }
}

/** What can never be carried out any more is forgotten: its condition has failed for good. Order is of no importance. */
function alive(world: World): readonly Stray[] {
  if (world.strays.length === 0) return world.strays;
  return world.strays
    .filter((stray) => mayBeDone(world, stray))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function mayBeDone(world: World, stray: Stray): boolean {
  switch (stray.to) {
    case "node":
      return isStanding(serverOf(world.servers, stray.sent.node), stray.sent.token);
    case "state":
      return stray.base === world.state.rev;
    case "votes": {
      const { observer, round } = stray.vote;
      return world.votes.every((one) => one.observer !== observer || one.round < round);
    }
    case "zone":
      return true;
    default:
      return assertNever(stray);
  }
}

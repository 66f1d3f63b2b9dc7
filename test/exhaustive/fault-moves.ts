import type { NodeId } from "../../lib/core/config.ts";
import { noWishes, request } from "../../lib/core/state.ts";
import { type Book, type Fault, spend } from "./book.ts";
import { plain } from "./canonical.ts";
import type { Broken } from "./invariants.ts";
import {
  canSync,
  endHandOver,
  follow,
  handOver,
  hang,
  isServing,
  kill,
  lead,
  type Restart,
  restart,
  type Servers,
  sync,
  thaw,
  write,
} from "./servers.ts";
import type { Change, Space, Visit } from "./space.ts";
import { describeSent, describeStray, nameOf } from "./tell.ts";
import type { Packed, Stray, World } from "./world.ts";
import { castVote, command, submit, syncAll, writeState } from "./writes.ts";

/** What nobody of ours does: servers die and return, replicas connect, operators act, and late requests arrive. */

/** The world, which nodes something may befall in it, and how they may start again. */
export interface Circumstances {
  readonly world: World;
  readonly victims: readonly NodeId[];
  readonly restarts: readonly Restart[];
}

interface Happening extends Circumstances {
  readonly space: Space;
  readonly tell: (text: string, change: Partial<World>, more?: Partial<Change>) => void;
}

export function faultMoves(
  space: Space,
  at: Packed,
  { world, victims, restarts }: Circumstances,
  visit: Visit,
): void {
  const tell: Happening["tell"] = (text, change, more = {}) => {
    const next = { ...world, ...change };
    const servers = space.scope.sync === "at once" ? syncAll(next.servers) : next.servers;
    const isMoved = servers.some((one, index) => one !== world.servers[index]);
    const to = space.codec.pack(at, world, { ...next, servers: isMoved ? servers : world.servers });
    visit({ to, text: () => text, broken: more.broken ?? null, seen: more.seen ?? [] });
  };
  const here: Happening = { space, world, victims, restarts, tell };
  replication(here);
  arrivals(here);
  returns(here);
  for (const node of victims) {
    deaths(here, node);
    hands(here, node);
  }
  cuts(here);
  operators(here);
  clients(here);
}

/** Servers that died or stopped come back; what waited in a stopped one's sockets runs then, in its order. */
function returns({ space, world, restarts, tell }: Happening): void {
  const { scope } = space;
  for (const { id, isUp, isHung } of world.servers) {
    const name = nameOf(scope, id);
    if (!isUp) {
      for (const data of restarts) {
        const servers = restart(world.servers, id, data);
        tell(`${name} starts again (${data})`, { servers }, { seen: ["return"] });
      }
    }
    if (isHung) {
      const thawed = thaw(world.servers, id);
      let next: World = { ...world, servers: thawed.servers };
      let broken: Broken | null = null;
      const ran: string[] = [];
      for (const sent of thawed.queue) {
        const carried = command(scope, next, sent);
        next = carried.world;
        broken ??= carried.broken;
        ran.push(
          `${describeSent(scope, sent)}${carried.kind === "done" ? "" : `: ${carried.kind}`}`,
        );
      }
      const what = ran.length === 0 ? "" : `, and runs what waited: ${ran.join("; ")}`;
      const seen = ran.length === 0 ? ["return"] : ["return", "late command"];
      tell(`${name} continues${what}`, next, { broken, seen });
    }
  }
}

function deaths({ space, world, tell }: Happening, node: string): void {
  const { left } = world.book;
  const server = world.servers.find((one) => one.id === node);
  if (server === undefined || !isServing(server)) return;
  const name = nameOf(space.scope, node);
  if (left.kill > 0) {
    tell(`${name} dies`, { servers: kill(world.servers, node), book: spend(world.book, "kill") });
  }
  if (left.hang > 0) {
    tell(`${name} stops`, { servers: hang(world.servers, node), book: spend(world.book, "hang") });
  }
}

/** Somebody changes a role by hand: no connection is cut, nothing is written down. */
function hands({ space, world, tell }: Happening, node: string): void {
  const server = world.servers.find((one) => one.id === node);
  if (world.book.left.manual === 0 || server === undefined || !isServing(server)) return;
  const book = spend(world.book, "manual");
  const name = nameOf(space.scope, node);
  if (server.role === "replica") {
    tell(`somebody types REPLICAOF NO ONE on ${name}`, {
      servers: lead(world.servers, node),
      book,
    });
  }
  for (const { id } of world.servers) {
    if (id === node || (server.role === "replica" && server.master === id)) continue;
    const servers = follow(world.servers, node, id);
    tell(`somebody types REPLICAOF ${nameOf(space.scope, id)} on ${name}`, { servers, book });
  }
}

function replication({ space, world, tell }: Happening): void {
  for (const { id, handingTo } of world.servers) {
    const name = nameOf(space.scope, id);
    if (space.scope.sync === "any time" && canSync(world.servers, id)) {
      tell(`${name} synchronises`, { servers: sync(world.servers, id) });
    }
    if (handingTo === null) continue;
    const done: Servers | null = handOver(world.servers, id);
    if (done !== null)
      tell(`${name} hands over to ${nameOf(space.scope, handingTo)}`, { servers: done });
    tell(`the hand-over of ${name} runs out`, { servers: endHandOver(world.servers, id) });
  }
}

/** What was under way arrives now. */
function arrivals({ space, world, tell }: Happening): void {
  for (const stray of world.strays) {
    const strays = world.strays.filter((one) => one !== stray);
    const change = arrive(space, { ...world, strays }, stray);
    if (change === null) {
      space.bounded += 1;
      continue;
    }
    const seen = [...change.seen, "late command"];
    tell(describeStray(space.scope, stray), change.world, { broken: change.broken, seen });
  }
}

function arrive(space: Space, world: World, stray: Stray): Change | null {
  switch (stray.to) {
    case "node":
      return command(space.scope, world, stray.sent);
    case "state":
      return writeState(
        space.scope,
        world,
        stray,
        isAwaited(space, world, stray) ? stray.attempt : null,
      );
    case "votes":
      return castVote(world, stray.vote);
    case "zone":
      return submit(space.scope, world, stray.changes);
  }
}

/** Whether the writer is still in the turn that wrote, and may have to recognise its write. */
function isAwaited(space: Space, world: World, stray: { readonly attempt: string }): boolean {
  return world.watches.some((id) => {
    const { turn, heard } = space.watches.watchOf(id);
    return heard.length > 0 && `${turn.memory.shift}#${turn.strays}` === stray.attempt;
  });
}

function cuts({ space, world, victims, tell }: Happening): void {
  const { book } = world;
  for (const cut of book.cuts) {
    const [observer = "", node = ""] = cut.split(" ");
    const healed = { ...book, cuts: book.cuts.filter((one) => one !== cut) };
    tell(`${observer} reaches ${nameOf(space.scope, node)} again`, { book: healed });
  }
  if (book.left.cut === 0) return;
  const observers = new Set(space.scope.processes.map((one) => one.observer));
  for (const observer of observers) {
    for (const node of victims) {
      const cut = `${observer} ${node}`;
      if (book.cuts.includes(cut)) continue;
      const next = { ...spend(book, "cut"), cuts: [...book.cuts, cut].sort() };
      tell(`${observer} cannot reach ${nameOf(space.scope, node)}`, { book: next });
    }
  }
}

function operators({ space, world, tell }: Happening): void {
  const { state, book } = world;
  const writer = { attempt: "operator", shift: "operator", rule: "", why: "" };
  const put = (fault: Fault, text: string, change: Partial<World["state"]>) => {
    const next = { ...state, ...change, rev: state.rev + 1 };
    const spent: World = { ...world, book: spend(book, fault) };
    const done = writeState(space.scope, spent, { base: state.rev, next }, null);
    if (done !== null) tell(text, done.world, done);
  };
  if (book.left.request > 0 && state.request === null) {
    const asked = request(state, { kind: "failover", by: "operator", ...noWishes }, writer).next;
    put("request", "an operator asks for a failover", { request: asked.request });
  }
  if (book.left.pause > 0 && state.pause === null) {
    const round = { ...state.round, status: "closed" as const };
    put("pause", "an operator pauses the group", {
      pause: { by: "operator", reason: "", until: null, rev: 0 },
      round,
    });
  }
  if (state.pause !== null) {
    const next = { ...plain(state), attempts: state.attempts, pause: null, rev: state.rev + 1 };
    tell("an operator resumes the group", { state: next });
  }
}

/** Clients write to whatever says master; what is acknowledged is owed by a switchover that runs. */
function clients({ space, world, tell }: Happening): void {
  const { book, state } = world;
  if (book.left.write === 0) return;
  for (const { id } of world.servers) {
    const value = `w${book.left.write}`;
    const servers = write(world.servers, id, value);
    if (servers === null) continue;
    const isOwed =
      state.kind === "switchover" && state.phase === "promoting" && state.master?.node === id;
    const next: Book = {
      ...spend(book, "write"),
      acknowledged: [...book.acknowledged, value],
      owed: isOwed ? [...book.owed, value] : book.owed,
    };
    tell(`a client writes to ${nameOf(space.scope, id)}`, { servers, book: next });
  }
}

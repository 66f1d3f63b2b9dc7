import type { GroupState, Vote } from "../../lib/core/model.ts";
import type { RecordChange } from "../../lib/core/records.ts";
import { applyBatch } from "./answers.ts";
import { plain, plainVote } from "./canonical.ts";
import { checkCommand, checkWrite, checkZone } from "./invariants.ts";
import type { Scope } from "./scope.ts";
import { canSync, carryOut, type Sent, serverOf, sync } from "./servers.ts";
import type { Change } from "./space.ts";
import type { World } from "./world.ts";

/** Everything that changes the world on behalf of an observer, whether its sender still waits for it or not. */

export interface Written extends Change {
  readonly isDone: boolean;
}

/** Compare-and-swap of STATE; `attempt` is kept only where its writer may have to recognise it. Null: a bound forbids it. */
export function writeState(
  scope: Scope,
  world: World,
  write: { readonly base: number | null; readonly next: GroupState },
  attempt: string | null,
): Written | null {
  const { state } = world;
  if (write.base !== state.rev) return { world, broken: null, seen: [], isDone: false };
  const { bounds } = scope;
  if (write.next.epoch > bounds.epoch || write.next.round.number > bounds.round) return null;
  const attempts = [...(attempt === null ? [] : [attempt]), ...state.attempts];
  const next = { ...plain(write.next), attempts };
  const { book, broken } = checkWrite(scope.config, world, state, next);
  return {
    world: { ...world, state: next, book },
    broken,
    seen: tagsOf(state, next),
    isDone: true,
  };
}

function tagsOf(before: GroupState, after: GroupState): readonly string[] {
  if (after.masterEpoch > before.masterEpoch) return ["commit"];
  if (after.epoch > before.epoch) return ["claim"];
  if (before.phase === "promoting" && after.phase === "steady") return ["failed epoch"];
  const isOther = after.leader !== before.leader && after.leader !== null;
  return isOther && before.phase !== "steady" ? ["takeover"] : [];
}

/** Once per observer and round. */
export function castVote(world: World, vote: Vote): Written & { readonly standing: Vote } {
  const standing = world.votes.find((one) => one.observer === vote.observer);
  if (standing !== undefined && standing.round >= vote.round) {
    return { world, broken: null, seen: [], isDone: false, standing };
  }
  const others = world.votes.filter((one) => one.observer !== vote.observer);
  const votes = [...others, plainVote(vote)].sort((a, b) => (a.observer < b.observer ? -1 : 1));
  return { world: { ...world, votes }, broken: null, seen: [], isDone: true, standing: vote };
}

export interface Carried extends Change {
  readonly kind: "done" | "cut" | "refused";
}

/** A command reaches a node. A stopped node keeps it until it continues. */
export function command(scope: Scope, world: World, sent: Sent): Carried {
  const done = carryOut(world.servers, sent);
  if (done.kind !== "done") return { world, broken: null, seen: [], kind: done.kind };
  const { book, broken } = checkCommand(world, sent);
  const servers = scope.sync === "at once" ? syncAll(done.servers) : done.servers;
  const seen = sent.command.kind === "mark" ? [] : [sent.command.kind];
  return { world: { ...world, servers, book }, broken, seen, kind: "done" };
}

export function syncAll(servers: World["servers"]): World["servers"] {
  let next = servers;
  for (let pass = 0; pass < servers.length; pass += 1) {
    for (const { id } of servers) if (canSync(next, id)) next = sync(next, id);
  }
  return next;
}

export function isHung(world: World, node: string): boolean {
  return serverOf(world.servers, node).isHung;
}

/** A batch reaches the zone: whole or not at all. */
export function submit(scope: Scope, world: World, changes: readonly RecordChange[]): Written {
  const zone = applyBatch(world.zone, changes);
  if (zone === null) return { world, broken: null, seen: [], isDone: false };
  const broken = checkZone(scope.config, world.book, world.zone, zone);
  return { world: { ...world, zone }, broken, seen: ["publish"], isDone: true };
}

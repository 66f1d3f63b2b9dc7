import { isOurs } from "../../lib/core/identity.ts";
import type { GroupState, MasterRecord } from "../../lib/core/model.ts";
import { groupName } from "./group-config.ts";
import { sharesHistory } from "./history.ts";
import { trueRank } from "./placement.ts";
import type { SimRedis } from "./sim-redis.ts";
import { Violation } from "./violation.ts";
import type { SimWorld } from "./world.ts";

/** What is wrong once everything but what stays broken has been healed for long enough; null: nothing. */
export function judgeHealed(world: SimWorld, broken: string | null): Violation | null {
  return notCopied(world) ?? notSettled(world, broken);
}

/** An entry is copied at its writer's next look, or at the next one of anybody else. */
const copiedWithinMs = 5_000;
/** While nobody may be promoted rounds follow each other, and each looks for somebody again. */
const saidWithinMs = 120_000;

/** S16: whoever wrote an entry of the log and died, or could not reach the table, somebody else has copied it. */
function notCopied(world: SimWorld): Violation | null {
  const copied = world.store.registry
    .newestEvents(groupName)
    .flatMap((event) => (event.name === "+transition" ? [Number(event.id.split("#")[0])] : []));
  // A group that holds, and says so in round after round, may have written its last entry just now.
  const dueMs = copiedWithinMs + world.invocations.gapMs;
  const isDue = (rev: number) =>
    world.engine.nowMs - (world.judges.writtenAtMs.get(rev) ?? 0) >= dueMs;
  const missing = (world.state()?.log ?? []).filter(
    ({ rev }) => !copied.includes(rev) && isDue(rev),
  );
  if (missing.length === 0) return null;
  const revs = missing.map((entry) => entry.rev).join(", ");
  return new Violation("S16", `rev ${revs} of the log stand in no event`);
}

function notSettled(world: SimWorld, broken: string | null): Violation | null {
  if (isHeldByDesign(world)) return null;
  // Hands off is the promise here, and that people know; stuck would look the same from afar.
  const restored = world.judges.handsOff.judge(broken);
  if (restored === null) return notConverged(world);
  return restored === "held" ? null : restored;
}

/** L3: one master, everybody replicates from it, the record names it, nothing is open. Null: so it is. */
export function notConverged(world: SimWorld): Violation | null {
  const state = world.state();
  if (state === null || state.master === null) {
    return new Violation("L1", "no master was ever adopted");
  }
  if (state.phase !== "steady") return new Violation("L2", `still ${state.phase} at the end`);
  const master = world.nodes.get(state.master.node);
  if (master?.role !== "master") {
    return new Violation("L3", `${state.master.node} is ${master?.role}`);
  }
  for (const node of world.members.values()) {
    // A server that is down or hung follows nobody; a data set of unknown history is left alone by design, and people are paged.
    if (node === master || !node.isServing || !isOurs(state, node.facts())) continue;
    const isFollowing = node.role === "replica" && node.masterId === master.id && node.link.isUp;
    const how = `${node.role} of ${node.masterId}, link ${node.link.isUp}`;
    if (!isFollowing) return new Violation("L3", `${node.id} is ${how}`);
  }
  const named = world.recordNow();
  if (named === master.host) return null;
  return new Violation("L3", `the record names ${named}, the master is ${master.host}`);
}

/** Whether a server is the master, or may become it: ranked, though people made it one by hand, and with data that it once had. */
function mayBeMaster(world: SimWorld, node: SimRedis, master: MasterRecord): boolean {
  if (node.id === master.node && node.role === "master") return true;
  return trueRank(world.config, node) > 0 && node.facts().hasSynced;
}

/**
 * N11: whether its link was lost so long before the master's data went that it is not chosen any more (Sentinel's sixth
 * filter), and an observer says so. It lacks what the master wrote since, and whether people can bring that back no node
 * tells. How long it was is measured by what really passed: where observers count less, because the empty process was
 * started once more say, a copy from the master's last moment would be held up for ever, and that is no design. No more
 * can be asked of them than what they can know: where the table was away over a change of shifts, and nobody has had its
 * predecessor's word since, the reign and the absence begin there for them (docs/limits.md).
 */
function isStale(world: SimWorld, node: SimRedis, state: GroupState): boolean {
  const master = world.nodes.get(state.master?.node ?? "");
  if (master === undefined || master === node || !master.stream.beganApart) return false;
  const { downAtMs } = node.link;
  if (node.role === "master" || downAtMs === null || !isSaid(world, "S360")) return false;
  const goneAtMs = Math.max(master.ledAtMs, reignKnownSinceMs(world, state));
  return goneAtMs - downAtMs > 10 * world.judges.config.settings.downAfterMs;
}

/** Since when the process that has known the recorded master for longest can know of it. */
function reignKnownSinceMs(world: SimWorld, state: GroupState): number {
  const since = [...world.processes.values()].flatMap((live) =>
    [...live].flatMap((process) => world.store.reigns.since(process, state) ?? []),
  );
  return since.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...since);
}

/** Whether some observer has decided by that rule lately. */
function isSaid({ config, invocations, engine }: SimWorld, rule: string): boolean {
  const { atMs } = invocations.decisions;
  return config.observers.some((one) => {
    const saidAtMs = atMs.get(`${one} ${rule}`);
    return saidAtMs !== undefined && engine.nowMs - saidAtMs <= saidWithinMs;
  });
}

/**
 * Whether the group holds by design: no node that may be master carries the recorded history any more (people moved roles
 * by hand, or the data went with its last copy), or none but from long before the data went; and only an operator can say
 * which data set is right.
 */
function isHeldByDesign(world: SimWorld): boolean {
  const state = world.state();
  if (state === null || state.phase === "promoting") return false;
  const { master } = state;
  if (master === null) return state.epoch > 0 && !isAdoptable(world);
  return [...world.members.values()].every(
    (node) =>
      !sharesHistory(master, node) ||
      !mayBeMaster(world, node, master) ||
      isStale(world, node, state),
  );
}

/** Whether another node than the committed one is the only master, and every node that serves follows it. */
export function isPromotedByHand(world: SimWorld): boolean {
  const masters = [...world.members.values()].filter(
    (node) => node.isServing && node.role === "master",
  );
  return isAdoptable(world) && masters[0]?.id !== world.state()?.master?.node;
}

/**
 * A group that was removed and applied again is adopted like a new one: only a single master that everybody follows is
 * taken, and anything else waits for people (ADR 0002).
 */
function isAdoptable(world: SimWorld): boolean {
  const nodes = [...world.members.values()].filter((node) => node.isServing);
  const masters = nodes.filter((node) => node.role === "master");
  const [master] = masters;
  if (master === undefined || masters.length > 1) return false;
  return nodes.every((node) => node === master || node.masterId === master.id);
}

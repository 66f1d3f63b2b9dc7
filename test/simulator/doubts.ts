import type { GroupState } from "../../lib/core/model.ts";
import { isInReach } from "./network.ts";
import { greetingBy } from "./sim-ailments.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { SimWorld } from "./world.ts";

/**
 * Whether an answer as master is none that may be believed: another's server answers there, or one that was started again
 * with less than somebody holds, or that cannot be told from these. Of a group whose marker was seen a server without it is
 * no master while anybody has it, can't be asked, or holds a copy of the group's history that is not this server's (fault
 * N18).
 */
export function isDoubted(world: SimWorld, id: string): boolean {
  const node = world.nodes.get(id);
  const state = world.state();
  if (node === undefined) return false;
  // Neither was it started again, nor did people make it another's replica meanwhile.
  if (node.startedAtMs === 0 && node.replid === state?.master?.replid) return false;
  if (node.isDisplaced) return true;
  const others = [...world.members.values()].filter((one) => one !== node);
  const isUnmarked = state?.master?.isMarked === true && node.marker() === null;
  if (isUnmarked && others.some((one) => mayHold(world, state, one, node))) return true;
  return [...world.nodes.values()].some((one) => one.stream.hasMoreThan(node.stream));
}

function mayHold(world: SimWorld, state: GroupState, one: SimRedis, beside: SimRedis): boolean {
  if (one.marker() !== null || !tells(world, one)) return true;
  return one.replid !== beside.replid && isCopyOf(state, one);
}

/** Whether it tells every observer what it holds, over a connection that it would have to make now. */
function tells(world: SimWorld, node: SimRedis): boolean {
  const isAnswering = node.refusal("info") === null && node.refusal("get") === null;
  return node.isServing && isInReach(world, node.id) && isAnswering && greetingBy(node) === null;
}

function isCopyOf({ histories }: GroupState, { replid, replid2, stream }: SimRedis): boolean {
  return stream.keys > 0 && histories.some((id) => id === replid || id === replid2);
}

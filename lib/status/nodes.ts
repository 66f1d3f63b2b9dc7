import type { NodeStatus, ObserverStatus } from "./report.ts";

/** What `status` concludes of the nodes, from what the observers last said of them. */

export function judgeMaster(nodes: readonly NodeStatus[]): readonly string[] {
  const master = nodes.find((node) => node.isMaster);
  if (master === undefined) return [];
  // An observer that has only just missed a probe says slow, and one that loads its data will be back.
  const fine = ["up", "slow", "loading"];
  const bad = Object.entries(master.seenBy).filter(([, seen]) => !fine.includes(seen.verdict));
  if (bad.length === 0) return [];
  const says = bad.map(([observer, seen]) => `${observer} ${seen.verdict}`).join(", ");
  const isDown = bad.some(([, seen]) => seen.verdict.startsWith("down"));
  return [`the master ${master.id} is reported ${isDown ? "down" : "unusable"}: ${says}`];
}

/** A group whose master could not be replaced is not healthy, however well that master does. */
export function judgeReplicas(
  nodes: readonly NodeStatus[],
  observers: readonly ObserverStatus[],
): readonly string[] {
  const reasons = unfitReplicas(nodes, observers);
  if (reasons.length === 0 || reasons.length === nodes.length) return [];
  if (reasons.some(({ why }) => why === null)) return [];
  const said = reasons.map(({ node, why }) => `${node}: ${why}`).join("; ");
  return [`no node could take the master's place: ${said}`];
}

/** Each node that is not the master, and why it could not take its place; null: it could, or nobody has looked. */
export function unfitReplicas(
  nodes: readonly NodeStatus[],
  observers: readonly ObserverStatus[],
): readonly { readonly node: string; readonly why: string | null }[] {
  const replicas = nodes.filter((node) => !node.isMaster);
  return replicas.map((node) => ({ node: node.id, why: whyUnfit(node, observers) }));
}

/** One observer that finds it fit is enough, unless that is long ago: what the others lack may be their path. */
function whyUnfit({ seenBy }: NodeStatus, observers: readonly ObserverStatus[]): string | null {
  const reasons = observers
    .filter((observer) => observer.status === "present")
    .flatMap(({ name }) => (seenBy[name] === undefined ? [] : [seenBy[name].unfit]));
  return reasons.includes(null) ? null : (reasons[0] ?? null);
}

export function judgeOddities(nodes: readonly NodeStatus[]): readonly string[] {
  const said = nodes.flatMap((node) => Object.values(node.seenBy).flatMap((seen) => seen.oddities));
  return [...new Set(said)];
}

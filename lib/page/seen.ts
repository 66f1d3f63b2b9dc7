import type { NodeSeen, NodeStatus, ObserverStatus } from "../status/report.ts";
import { formatBytes, type Tone } from "./html.ts";

/** What observers say of a node, made short. */

export function toneOfVerdict(verdict: string): Tone {
  if (verdict === "up") return "good";
  return verdict === "slow" || verdict === "loading" ? "warn" : "bad";
}

/** `replica, 10 B behind, link down`; what the verdict does not say already. */
export function detailOf(seen: NodeSeen): readonly string[] {
  const { verdict, role, lagBytes, isLinkUp, latencyMs } = seen;
  // Role and latency are those of its last answer.
  if (verdict.startsWith("down")) return role === null ? [] : [`last seen as ${role}`];
  return [
    ...(role === null ? [] : [role]),
    ...(lagBytes === null ? [] : [`${formatBytes(lagBytes)} behind`]),
    ...(role === "replica" && isLinkUp === false ? ["link down"] : []),
    ...(latencyMs === null ? [] : [`${Math.round(latencyMs)} ms`]),
  ];
}

/** The word that counts where there is room for one: of those who reported lately, one who got an answer. */
export function bestSeen(node: NodeStatus, observers: readonly ObserverStatus[]): NodeSeen | null {
  const fresh = observers
    .filter((observer) => observer.status === "present")
    .flatMap(({ name }) => node.seenBy[name] ?? []);
  return fresh.find((seen) => seen.role !== null) ?? fresh[0] ?? null;
}

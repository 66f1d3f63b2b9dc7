import { type GroupConfig, type NodeId, votesNeeded } from "../../core/config.ts";
import type { GroupState } from "../../core/model.ts";
import type { NodeReport } from "../../ports/store.ts";
import type { Heard } from "../heartbeats.ts";

/** Whether somebody made another node the master by hand, by what the observers say of the nodes right now. */

export type Promotion =
  /** The master is the one that the table has. */
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "found"; readonly node: NodeId; readonly seen: readonly string[] };

interface Witness {
  readonly observer: string;
  readonly nodes: Readonly<Record<NodeId, NodeReport>>;
}

/**
 * Only heartbeats count that came while the command listened, under the configuration in force. The observers look again
 * before they name anybody: this says beforehand whether they could agree.
 */
export function findPromotion(config: GroupConfig, state: GroupState, heard: Heard): Promotion {
  const committed = state.master?.node ?? "";
  const witnesses = witnessesOf(config, heard);
  const needed = votesNeeded(config);
  if (witnesses.length < needed) {
    const missing = config.observers.filter(
      (name) => !witnesses.some(({ observer }) => observer === name),
    );
    return refused(
      `expected ${needed} observers to say what they see, got ${witnesses.length}: nothing new from ${missing.join(", ")}`,
    );
  }
  const named = witnesses.map((one) => ({ ...one, masters: mastersOf(one) }));
  const several = named.find(({ masters }) => masters.length > 1);
  if (several !== undefined) return refused(sayMany(config, state, several));
  const nodes = [...new Set(named.flatMap(({ masters }) => masters))];
  const [node] = nodes;
  if (node === undefined) {
    return refused(
      `expected a node that says master, got none from ${witnesses.map(({ observer }) => observer).join(", ")}; make one the master by hand first`,
    );
  }
  // Another server at the master's own address says master too, and is down all the same.
  const isSound = witnesses.some(({ nodes: seen }) => isSoundMaster(seen[committed]));
  if (nodes.length === 1 && node === committed && isSound) return { kind: "none" };
  const agreed = named.filter(({ masters }) => masters[0] === node);
  if (nodes.length > 1 || agreed.length < needed) {
    const said = named.map(({ observer, masters }) => `${observer}: ${masters[0] ?? "none"}`);
    return refused(
      `expected ${needed} observers to see one and the same master, got ${said.join(", ")}; look again when they do`,
    );
  }
  return findStray(node, agreed) ?? { kind: "found", node, seen: sayWhoSees(committed, agreed) };
}

function refused(why: string): Promotion {
  return { kind: "refused", why };
}

function witnessesOf(config: GroupConfig, heard: Heard): readonly Witness[] {
  return config.observers.flatMap((observer) => {
    const report = heard.fresh.has(observer)
      ? heard.last.get(observer)?.groups[config.name]
      : undefined;
    return report?.configVersion === config.version ? [{ observer, nodes: report.nodes }] : [];
  });
}

function isSoundMaster(seen: NodeReport | undefined): boolean {
  return seen !== undefined && seen.role === "master" && !isDown(seen);
}

/** "foreign" and "amnesic" answer; what is silent or refuses connections is remembered in the role that it had. */
function mastersOf({ nodes }: Witness): readonly NodeId[] {
  return Object.entries(nodes).flatMap(([node, seen]) =>
    seen.role === "master" && isThere(seen) ? [node] : [],
  );
}

function isDown({ verdict }: NodeReport): boolean {
  return verdict.startsWith("down(") || verdict === "foreign" || verdict === "blind";
}

function isThere({ verdict }: NodeReport): boolean {
  const absent = ["down(silent)", "down(refused)", "blind", "unresolved"];
  return !absent.includes(verdict);
}

function sayMany(
  config: GroupConfig,
  state: GroupState,
  { observer, masters }: { readonly observer: string; readonly masters: readonly NodeId[] },
): string {
  const committed = state.master?.node ?? "";
  const first =
    masters.includes(committed) && state.pause === null
      ? `run \`lambda-sentinel pause ${config.name}\` first, or the observers make the other one its replica; then `
      : "";
  return `expected one master, got ${masters.join(" and ")}, as ${observer} sees them; ${first}make all but the one to keep replicas of it`;
}

/** A replica of another history follows somebody else, or nobody yet: the observers would wait for it. */
function findStray(node: NodeId, witnesses: readonly Witness[]): Promotion | null {
  for (const { observer, nodes } of witnesses) {
    const replid = nodes[node]?.replid ?? null;
    const stray = Object.entries(nodes).find(
      ([other, seen]) =>
        other !== node &&
        isThere(seen) &&
        seen.role === "replica" &&
        (seen.isLinkUp !== true || (replid !== null && seen.replid !== replid)),
    );
    if (stray === undefined) continue;
    return refused(
      `expected every node that answers to follow ${node}, got ${stray[0]}, which does not as ${observer} sees it; point it there, or stop it`,
    );
  }
  return null;
}

function sayWhoSees(committed: NodeId, witnesses: readonly Witness[]): readonly string[] {
  return witnesses.map(({ observer, nodes }) => {
    const seen = nodes[committed];
    const role = seen === undefined ? "" : ` ${isThere(seen) ? (seen.role ?? "") : ""}`.trimEnd();
    return `${observer}: ${committed} is ${seen?.verdict ?? "unknown"}${role}`;
  });
}

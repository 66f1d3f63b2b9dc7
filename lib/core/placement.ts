import type { GroupConfig, NodeId, PlacementConfig } from "./config.ts";

/** How much a node is wanted as master: one integer, lower first, 0 never (Sentinel's replica-priority; sentinel.md 1.6). */
export interface Rank {
  readonly priority: number;
  /** Who says so, as the end of the sentence "priority 10 …". */
  readonly by: string;
  /** Why it must never be promoted; null: it may be. */
  readonly never: string | null;
}

/** One word on a node's priority. */
interface Say {
  readonly priority: number;
  readonly by: string;
  readonly whyNever: string;
}

/**
 * The most specific word counts: the node's own in the configuration, then its zone's, then its region's, then what the
 * server itself says. A 0 counts wherever it stands, so that "never" is not outvoted by somebody's preference.
 */
export function rankOf(config: GroupConfig, node: NodeId, replicaPriority: number): Rank {
  const own: Say = {
    priority: replicaPriority,
    by: "of the server",
    whyNever: "its replica-priority is 0",
  };
  const says = [...configuredSays(config, node), own];
  const [{ priority, by } = own] = says;
  return { priority, by, never: neverOf(says) ?? whyNotThere(config, node) };
}

/** What the configuration alone says of a node, for people and checks; priority null: the server's own counts. */
export function configuredRank(config: Places, node: NodeId) {
  const says = configuredSays(config, node);
  const never = neverOf(says) ?? whyNotThere(config, node);
  return { priority: says[0]?.priority ?? null, never };
}

type Places = Pick<GroupConfig, "nodes" | "placement">;

/** The configuration's words on a node, the most specific first. */
function configuredSays({ nodes, placement }: Places, id: NodeId): readonly Say[] {
  const { zone, region, priority } = nodes.find((node) => node.id === id) ?? {};
  const ofZone = lookUp(placement?.zones, zone);
  const ofRegion = lookUp(placement?.regions, region);
  return [
    ...sayOf(priority, "of the node", "its priority is 0 in the configuration"),
    ...sayOf(ofZone, `of zone ${zone}`, `the priority of its zone ${zone} is 0`),
    ...sayOf(ofRegion, `of region ${region}`, `the priority of its region ${region} is 0`),
  ];
}

function sayOf(priority: number | undefined, by: string, whyNever: string): readonly Say[] {
  return priority === undefined ? [] : [{ priority, by, whyNever }];
}

/** Names are the operator's, "constructor" too. */
function lookUp(table: PlacementConfig["zones"] | undefined, name: string | undefined) {
  const isThere = table !== undefined && name !== undefined && Object.hasOwn(table, name);
  return isThere ? table[name] : undefined;
}

function neverOf(says: readonly Say[]): string | null {
  return says.find((say) => say.priority === 0)?.whyNever ?? null;
}

/** Where a master may live is a list: a node whose region nobody named is outside it. */
function whyNotThere({ nodes, placement }: Places, id: NodeId): string | null {
  const allowed = placement?.masterRegions;
  if (allowed === undefined) return null;
  const list = allowed.join(", ");
  const region = nodes.find((node) => node.id === id)?.region;
  if (region === undefined) return `it has no region, and a master may live in ${list} alone`;
  if (allowed.includes(region)) return null;
  return `its region ${region} is not one in which a master may live (${list})`;
}

import {
  findByReplicate,
  formatAddress,
  type GroupConfig,
  type NodeConfig,
  type NodeId,
} from "../core/config.ts";
import type { Elsewhere, Sighting } from "../core/elsewhere.ts";
import { isOurs } from "../core/identity.ts";
import type { Memory } from "../core/memory.ts";
import type { NodeFacts } from "../core/model.ts";
import { isAnswering } from "../core/view.ts";
import type { GroupStatus } from "./group.ts";
import type { RunIds } from "./run-ids.ts";

/** What a shift knows of the other groups, before a node is taken that no file names (ADR 0009). */
export interface Neighbours {
  /** Whether every other group's STATE has been read, or can't be. */
  areKnown(): boolean;
  /** The other group whose node this is, by its address or by the server that answers there; null: none. */
  ownerOf(node: NodeConfig, runId: string | null): string | null;
  /** Whether every node of every other group has been asked once, whatever became of it. */
  areSeen(): boolean;
  /** The other groups' nodes that have one of these run ids, or are known as other names; by group and node. */
  sightings(
    runIds: ReadonlySet<string>,
    known: Readonly<Record<NodeId, Elsewhere>>,
  ): readonly Sighting[];
}

export interface Watched {
  readonly latest: ReadonlyMap<string, GroupConfig>;
  readonly statuses: ReadonlyMap<string, GroupStatus>;
  /** What the nodes of `statuses` have told. */
  readonly runIds: RunIds;
}

/** A shift watches all groups of the table, so that nothing has to be read for this. */
export function neighboursOf(
  { latest, statuses, runIds: index }: Watched,
  group: string,
): Neighbours {
  const others = () => [...latest.values()].filter((config) => config.name !== group);
  return {
    areKnown: () =>
      others().every(({ name }) => {
        const memory = statuses.get(name)?.memory;
        return memory !== undefined && (memory.state !== undefined || memory.storeFailure !== null);
      }),
    ownerOf: (node, runId) => {
      const owner = others().find((config) => {
        const memory = statuses.get(config.name)?.memory;
        const lists = memory === undefined ? [config] : [config, memory.config];
        const runIds = Object.values(memory?.nodes ?? {}).flatMap(
          ({ facts }) => facts?.runId ?? [],
        );
        return lists.some((list) => isNamedBy(list, node)) || runIds.some((id) => id === runId);
      });
      return owner?.name ?? null;
    },
    areSeen: () =>
      others().every(({ name }) => {
        const nodes = Object.values(statuses.get(name)?.memory.nodes ?? {});
        return nodes.length > 0 && nodes.every(({ lastReply }) => lastReply !== null);
      }),
    sightings: (runIds, known) => {
      const names = new Set(Object.values(known).map(({ group: of, node }) => `${of} ${node}`));
      const isWanted: IsWanted = (of, node, runId) =>
        (runId !== null && runIds.has(runId)) || (names.size > 0 && names.has(`${of} ${node}`));
      const named = Object.values(known).map((one) => one.group);
      // Asked with every look of every group: nothing is made of a group that has none of them.
      return [...new Set([...index.groupsWith(runIds), ...named])]
        .flatMap((name) => (name === group ? [] : (latest.get(name) ?? [])))
        .flatMap((config) => sightingsOf(config, statuses.get(config.name)?.memory, isWanted))
        .toSorted((a, b) => compare(a.group, b.group) || compare(a.node, b.node));
    },
  };
}

type IsWanted = (group: string, node: NodeId, runId: string | null) => boolean;

function sightingsOf(
  config: GroupConfig,
  memory: Memory | undefined,
  isWanted: IsWanted,
): readonly Sighting[] {
  const group = config.name;
  // A group whose watch has not begun has its nodes all the same: nobody loses another name for that.
  if (memory === undefined) {
    const unseen = { runId: null, askedAtMs: 0, isAnswering: false, isClaimed: true };
    const known = config.nodes.filter(({ id }) => isWanted(group, id, null));
    return known.map(({ id }) => ({ group, node: id, ...unseen }));
  }
  const { state } = memory;
  // What was removed touches nothing any more, and its servers are free (`remove`).
  if (state?.removed != null) return [];
  const wanted = Object.values(memory.nodes).filter(({ node, facts }) =>
    isWanted(group, node, facts?.runId ?? null),
  );
  return wanted.map((node) => ({
    group,
    node: node.node,
    runId: node.facts?.runId ?? null,
    askedAtMs: node.factsAskedAtMs ?? 0,
    isAnswering: isAnswering(node),
    isClaimed: isClaimedBy(state, node.facts),
  }));
}

function isClaimedBy(state: Memory["state"], facts: NodeFacts | null): boolean {
  if (state === undefined) return true;
  if (state === null || state.master === null) return false;
  return facts === null || isOurs(state, facts);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNamedBy(config: GroupConfig, { probe }: NodeConfig): boolean {
  return (
    findByReplicate(config, probe.host, probe.port) !== undefined ||
    config.nodes.some((one) => formatAddress(one.publish) === formatAddress(probe))
  );
}

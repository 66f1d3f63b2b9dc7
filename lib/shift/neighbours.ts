import {
  findByReplicate,
  formatAddress,
  type GroupConfig,
  type NodeConfig,
} from "../core/config.ts";
import type { GroupStatus } from "./group.ts";

/** What a shift knows of the other groups, before a node is taken that no file names (ADR 0009). */
export interface Neighbours {
  /** Whether every other group's STATE has been read, or can't be. */
  areKnown(): boolean;
  /** The other group whose node this is, by its address or by the server that answers there; null: none. */
  ownerOf(node: NodeConfig, runId: string | null): string | null;
}

export interface Watched {
  readonly latest: ReadonlyMap<string, GroupConfig>;
  readonly statuses: ReadonlyMap<string, GroupStatus>;
}

/** A shift watches all groups of the table, so that nothing has to be read for this. */
export function neighboursOf({ latest, statuses }: Watched, group: string): Neighbours {
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
  };
}

function isNamedBy(config: GroupConfig, { probe }: NodeConfig): boolean {
  return (
    findByReplicate(config, probe.host, probe.port) !== undefined ||
    config.nodes.some((one) => formatAddress(one.publish) === formatAddress(probe))
  );
}

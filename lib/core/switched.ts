import { type Address, findNode, type GroupConfig, type NodeId } from "./config.ts";
import type { Evidence } from "./events.ts";

/** The old and the new master as clients know them, for whoever has to point something to the new one. */
export interface Switched {
  /** `group old-host old-port new-host new-port`, what Redis Sentinel says with +switch-master. */
  readonly text: string;
  readonly evidence: Evidence;
}

/** A former master that has left the configuration is known by its name alone. */
export function switched(config: GroupConfig, from: NodeId, to: NodeId): Switched {
  const oldAt = findNode(config, from)?.publish ?? null;
  const newAt = findNode(config, to)?.publish ?? null;
  return {
    text: `${config.name} ${spell(oldAt)} ${spell(newAt)}`,
    evidence: {
      from,
      to,
      fromHost: oldAt?.host ?? null,
      fromPort: oldAt?.port ?? null,
      toHost: newAt?.host ?? null,
      toPort: newAt?.port ?? null,
    },
  };
}

function spell(address: Address | null): string {
  return address === null ? "? ?" : `${address.host} ${address.port}`;
}

import { roleOf } from "../../lab/ask.ts";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import { startRedis } from "../../lab/redis/server.ts";
import type { Stage } from "../measurement.ts";
import { replicaPingPeriodSeconds } from "./timings.ts";
import { need } from "./waiting.ts";

const linkLimitMs = 30_000;

/** A master and its replicas, as the lab starts them for our side. */
export async function startNodes(
  { processes, binary }: Stage,
  count: number,
): Promise<readonly RedisServer[]> {
  const addresses = await pickNodeAddresses(count);
  const [first] = addresses;
  const nodes: RedisServer[] = [];
  for (const address of addresses) {
    const follows = address === first || first === undefined ? {} : { replicaOf: first };
    const rest = { binary, processes, replicaPingPeriodSeconds, persistence: "aof" } as const;
    nodes.push(await startRedis({ ...address, ...follows, ...rest }));
  }
  return nodes;
}

/** Resolves when every replica follows the master with its link up. */
export async function needLinks(nodes: readonly RedisServer[]): Promise<void> {
  for (const node of nodes.slice(1)) {
    const isLinked = async () => (await roleOf(node)).startsWith("replica of");
    await need(`${node.host}:${node.port} to follow its master`, isLinked, linkLimitMs);
  }
}

/** The master, which a world always has. */
export function firstOf(nodes: readonly RedisServer[]): RedisServer {
  const [first] = nodes;
  if (first === undefined) throw new Error("Expected a group with nodes, got none.");
  return first;
}

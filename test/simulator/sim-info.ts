import type { Address } from "../../lib/core/config.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import type { NodeOddity } from "../../lib/core/rehearsal.ts";
import type { RedisWorld } from "./redis-world.ts";
import type { SimRedis } from "./sim-redis.ts";

/** What a server says of itself: INFO, and the marker key where the group keeps one. */
export function factsOf(server: SimRedis, world: RedisWorld): NodeFacts {
  const { stream, loading } = server;
  const facts: NodeFacts = {
    runId: server.runId,
    version: "sim",
    role: server.role,
    replid: stream.replid,
    replid2: stream.replid2,
    secondOffset: stream.secondOffset,
    offset: stream.offset,
    priority: server.priority,
    isLoading: server.isLoading,
    keys: server.isLoading ? 0 : stream.keys,
    ...linkOf(server, world),
    failoverState: server.handOver.state,
    replPingMs: server.replPingMs,
    sentinels: server.sentinels.size,
    oddities: odditiesBy(server),
    replicas: replicasOf(server, world),
    uptimeSeconds: Math.floor((world.engine.nowMs - server.startedAtMs) / 1_000),
  };
  if (loading.veil !== null) return { ...facts, ...loading.veil };
  return world.hasMarker ? { ...facts, marker: stream.marker } : facts;
}

function odditiesBy({ ailments }: SimRedis): readonly NodeOddity[] {
  const full: readonly NodeOddity[] = ailments.has("oom") ? ["memory-full"] : [];
  return ailments.has("misconf") ? [...full, "cannot-save"] : full;
}

/** Whoever has a link and is up to date. Its address is its own word, and nothing is announced here. */
function replicasOf(server: SimRedis, { nodes }: RedisWorld): readonly Address[] {
  if (server.role === "replica") return [];
  return [...nodes.values()].flatMap(({ link, host, port }) =>
    link.isUpFrom(server) ? [{ host, port }] : [],
  );
}

function linkOf({ role, masterId, link, stream }: SimRedis, { nodes, engine }: RedisWorld) {
  const isReplica = role === "replica";
  const master = masterId === null ? undefined : nodes.get(masterId);
  // Nobody of this world: an address where nobody listens.
  const [host = "gone", port = "1"] = masterId?.split(":") ?? [];
  const secondsSince = (atMs: number) => Math.floor((engine.nowMs - atMs) / 1_000);
  return {
    isSyncing: link.isSyncing,
    hasSynced: !isReplica || link.isUp || link.downAtMs !== null || stream.offset > 1,
    masterHost: isReplica ? (master?.host ?? host) : null,
    masterPort: isReplica ? (master?.port ?? Number(port)) : null,
    isLinkUp: isReplica && link.isUp,
    lastIoSeconds: isReplica && link.isUp ? secondsSince(link.lastIoMs) : null,
    linkDownSeconds: isReplica && link.downAtMs !== null ? secondsSince(link.downAtMs) : null,
  };
}

/** Where a server stands in the stream, as ROLE says it: a replica without a link does not tell how far it came. */
export interface Place {
  readonly role: "master" | "replica";
  readonly offset: number | null;
}

export function placeOf({ role, link, loading, stream }: SimRedis): Place {
  if (role === "replica" && !link.isUp) return { role, offset: null };
  return { role, offset: loading.veil?.offset ?? stream.offset };
}

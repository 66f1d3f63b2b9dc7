import type { NodeId } from "../../lib/core/config.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import { isServing, type Servers, serverOf } from "./servers.ts";

/** What a node says of itself, its marker only where the group keeps one. */
export function factsOf(servers: Servers, id: NodeId, hasMarker: boolean): NodeFacts {
  const server = serverOf(servers, id);
  const isReplica = server.role === "replica";
  const master = servers.find((one) => one.id === server.master);
  const [host = "", port = ""] = (server.master ?? "").split(":");
  const isHeard = master !== undefined && isServing(master);
  return {
    runId: `${id}-run-${server.starts}`,
    version: "7.0.15",
    role: server.role,
    replid: server.replid,
    replid2: server.replid2,
    secondOffset: server.secondOffset,
    offset: server.offset,
    priority: 100,
    isLoading: false,
    isSyncing: false,
    hasSynced: !isReplica || server.isLinked || server.hasLostLink || server.offset > 0,
    keys: server.data.length + (server.marker === null ? 0 : 1),
    masterHost: isReplica ? host : null,
    masterPort: isReplica ? Number(port) : null,
    isLinkUp: isReplica && server.isLinked,
    // A silent master has been silent for longer than its ping period by the time that an observer holds it down.
    lastIoSeconds: isReplica && server.isLinked ? (isHeard ? 0 : 60) : null,
    linkDownSeconds: isReplica && server.hasLostLink ? 1 : null,
    failoverState: server.handingTo === null ? "no-failover" : "waiting-for-sync",
    ...(hasMarker ? { marker: server.marker } : {}),
    replPingMs: 1_000,
    sentinels: 0,
    oddities: [],
    replicas: [],
  };
}

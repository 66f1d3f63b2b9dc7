import type { NodeSetup } from "../../lib/core/rehearsal.ts";

/** A server that is set up as one would wish. */
export function nodeSetup(change: Partial<NodeSetup> = {}): NodeSetup {
  return {
    version: "7.0.15",
    isSaving: false,
    isAppending: true,
    supervisor: "systemd",
    minReplicas: 1,
    minReplicasMaxLagMs: 10_000,
    pingPeriodMs: 1_000,
    announced: null,
    clients: 4,
    clientsMax: 10_000,
    forkMs: 3,
    sentinels: 0,
    ...change,
  };
}

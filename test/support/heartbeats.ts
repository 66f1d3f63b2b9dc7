import { createHash } from "node:crypto";
import type { GroupReport, Heartbeat } from "../../lib/ports/store.ts";
import { nodeSetup } from "./setup.ts";

/**
 * A heartbeat of groups in calm as an observer's looks in production: names of usual length, a history for each group, and
 * numbers that differ from node to node, so that its size is what it is there.
 */
export function heartbeatOf(size: { readonly groups: number; readonly nodes: number }): Heartbeat {
  const groups = Array.from({ length: size.groups }, (_, index): [string, GroupReport] => [
    `orders-${index}`,
    reportOf(index, size.nodes),
  ]);
  return {
    observer: "eu-west-1a",
    shift: 7,
    at: "2030-01-31T04:00:00.000Z",
    codeVersion: "0.1.0",
    everyMs: 15_000,
    groups: Object.fromEntries(groups),
  };
}

function reportOf(group: number, size: number): GroupReport {
  const history = createHash("sha1").update(`${group}`).digest("hex");
  const address = (node: number) => `10.0.${group % 256}.${node}:6379`;
  const nodes = Array.from({ length: size }, (_, node): [string, GroupReport["nodes"][string]] => [
    address(node),
    {
      ...{ verdict: "up", role: node === 0 ? "master" : "replica", isLinkUp: node > 0 || null },
      ...{ offset: drawn(history, node, 2_000_000_000), replid: history },
      ...{ latencyMs: drawn(history, node + 100, 40) / 10, unfit: null, oddities: [] },
      priority: 100,
      setup: nodeSetup({ clients: drawn(history, node + 200, 300) }),
    },
  ]);
  return {
    ...{ configVersion: 1 + (group % 7), rev: 5 + drawn(history, 300, 90), isPauseSeen: false },
    ...{ suspect: null, suspectForMs: 0, suspectOffset: null, suspectLoading: null },
    ...{ masterEpoch: 1 + (group % 5), masterKnownForMs: drawn(history, 400, 90_000_000) },
    ...{ copiedRev: 5 + drawn(history, 300, 90), rule: "R799" },
    why: `${address(0)} is master, ${size - 1} other nodes answer`,
    nodes: Object.fromEntries(nodes),
    way: { joinsFrom: 2 + drawn(history, 500, 90), successor: address(1) },
  };
}

/** A number below the bound that looks like chance, and is the same in every run. */
function drawn(seed: string, place: number, bound: number): number {
  return createHash("sha1").update(`${seed} ${place}`).digest().readUInt32BE() % bound;
}

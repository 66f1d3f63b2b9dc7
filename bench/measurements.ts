import { countCalls } from "./measure/calls.ts";
import { coldStart } from "./measure/cold-start.ts";
import { type Fault, measureOurs, measureSentinels } from "./measure/failover.ts";
import { failGroupsOurs, failGroupsSentinels } from "./measure/groups.ts";
import { failGroupsSimulated } from "./measure/groups-simulated.ts";
import { switchOurs, switchSentinels } from "./measure/switchover.ts";
import { watchOurs, watchSentinels } from "./measure/watching.ts";
import type { Measurement } from "./measurement.ts";

const failoverLimitMs = 240_000;
const busyKill: Fault = { kind: "kill", master: "busy" };
const busyHang: Fault = { kind: "hang", master: "busy" };
const idleHang: Fault = { kind: "hang", master: "idle" };

/** Everything that is measured, in the order of the page. */
export function measurementsOf({ groups }: { readonly groups: number }): readonly Measurement[] {
  return [
    ...failovers,
    switchover,
    manyGroups(groups),
    hundredsOfGroups,
    simulatedGroups,
    ...watchedNodes.map(watching),
    start,
    calls,
  ];
}

const failovers: readonly Measurement[] = [
  {
    name: "kill",
    says: "kill -9 of a busy master, found by silence alone; then the old master comes back",
    limitMs: failoverLimitMs,
    run: {
      ours: (stage) => measureOurs(stage, busyKill, { crashAfterMs: 0 }),
      sentinel: (stage) => measureSentinels(stage, busyKill),
    },
  },
  {
    name: "crash-300",
    says: "the same with crashAfterMs: 300, for which Sentinel has nothing",
    limitMs: failoverLimitMs,
    run: {
      ours: (stage) => measureOurs(stage, busyKill, { crashAfterMs: 300 }),
      sentinel: (stage) => measureSentinels(stage, busyKill),
    },
  },
  {
    name: "hang",
    says: "SIGSTOP of a busy master",
    limitMs: failoverLimitMs,
    run: {
      ours: (stage) => measureOurs(stage, busyHang, { crashAfterMs: 0 }),
      sentinel: (stage) => measureSentinels(stage, busyHang),
    },
  },
  {
    name: "hang-idle",
    says: "SIGSTOP of a master to which nobody wrote",
    limitMs: failoverLimitMs,
    run: {
      ours: (stage) => measureOurs(stage, idleHang, { crashAfterMs: 0 }),
      sentinel: (stage) => measureSentinels(stage, idleHang),
    },
  },
  {
    name: "slow-store",
    says: "kill -9 of a busy master, with a table that takes 25 ms for each request",
    limitMs: failoverLimitMs,
    run: { ours: (stage) => measureOurs(stage, busyKill, { crashAfterMs: 0, storeMs: 25 }) },
  },
];

const switchover: Measurement = {
  name: "switchover",
  says: "a planned change of a living, busy master",
  limitMs: failoverLimitMs,
  run: { ours: switchOurs, sentinel: switchSentinels },
};

function manyGroups(count: number): Measurement {
  return {
    name: `groups-${count}`,
    says: `the masters of ${count} groups are killed at once`,
    limitMs: 900_000,
    run: {
      ours: (stage) => failGroupsOurs(stage, count),
      sentinel: (stage) => failGroupsSentinels(stage, count),
    },
  };
}

/** Four hundred servers on one machine: no two storms are alike, so it takes as many pairs as the rest. */
const hundredsOfGroups: Measurement = { ...manyGroups(200), name: "200-groups" };

/** Minutes each, and hardly any two seeds differ. */
const simulatedGroups: Measurement = {
  name: "simulated-groups",
  says: "the same for 200 groups in the simulator, beside one group",
  limitMs: 1_800_000,
  pairsMax: 3,
  run: { ours: ({ pair }) => failGroupsSimulated(pair + 1, 200) },
};

/** The largest takes minutes to start, and hardly varies. */
const watchedNodes = [60, 300, 999] as const;

function watching(nodes: (typeof watchedNodes)[number]): Measurement {
  return {
    name: `watching-${nodes}`,
    says: `one process watches ${nodes} healthy nodes in groups of three`,
    limitMs: 900_000,
    ...(nodes > 300 ? { pairsMax: 3 } : {}),
    run: {
      ours: (stage) => watchOurs(stage, nodes),
      sentinel: (stage) => watchSentinels(stage, nodes),
    },
  };
}

const start: Measurement = {
  name: "cold-start",
  says: "a new process of the packaged function, up to its first probe",
  limitMs: 120_000,
  run: { ours: coldStart },
};

const calls: Measurement = {
  name: "calls",
  says: "requests to AWS of three observers of one group with default settings: three minutes, multiplied to an hour, and what a failover adds to as much calm",
  limitMs: 600_000,
  pairsMax: 3,
  run: { ours: countCalls },
};

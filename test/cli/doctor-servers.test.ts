import { describe } from "@jest/globals";
import { configOf } from "../support/cli.ts";
import { checkRows, n1, n2, n3, nodesOf, report, setUp, text } from "./doctor-stage.ts";

describe("doctor finds of how servers are set up", () => {
  checkRows("The nodes as they are set up", {
    "setup-unknown": {
      about: n2,
      evidence: "seen by a 0.1.0",
      cause: () => {
        const { [n2]: bare, ...others } = nodesOf(configOf(text));
        if (bare === undefined) return;
        const { setup: _old, ...older } = bare;
        report("a", {}, { ...others, [n2]: older });
        for (const observer of ["b", "c"]) report(observer, {}, others);
      },
    },
    "restarts-empty": {
      about: n1,
      evidence: "save is empty, appendonly is no, supervised by systemd, says a 0 s ago",
      cause: () => setUp(n1, { isAppending: false }),
    },
    "keeps-nothing": {
      about: n1,
      evidence: "save is empty, appendonly is no, supervised by no, says a 0 s ago",
      cause: () => setUp(n1, { isAppending: false, supervisor: "no" }),
    },
    "no-min-replicas": {
      about: n1,
      evidence: "min-replicas-to-write is 0, says a 0 s ago",
      cause: () => setUp(n1, { minReplicas: 0 }),
    },
    "too-many-min-replicas": {
      about: n1,
      evidence: "min-replicas-to-write is 2, says a 0 s ago; 1 would be left",
      cause: () => setUp(n1, { minReplicas: 2 }),
    },
    "slow-pings": {
      about: n1,
      evidence: "repl-ping-replica-period is 10000 ms, downAfterMs 5000 ms, says a 0 s ago",
      cause: () => setUp(n1, { pingPeriodMs: 10_000 }),
    },
    "announces-elsewhere": {
      about: n2,
      evidence: `it announces 192.0.2.7:6379, the file has ${n2}, says a 0 s ago`,
      cause: () => setUp(n2, { announced: { host: "192.0.2.7", port: null } }),
    },
    "clients-nearly-full": {
      about: n1,
      evidence: "9001 of 10000 clients, says a 0 s ago",
      cause: () => setUp(n1, { clients: 9_001 }),
    },
    "long-fork": {
      about: n1,
      evidence: "800 ms, probeTimeoutMs is 500, downAfterMs 5000, says a 0 s ago",
      cause: () => setUp(n1, { forkMs: 800 }),
    },
    "fork-like-death": {
      about: n1,
      evidence: "5000 ms, probeTimeoutMs is 500, downAfterMs 5000, says a 0 s ago",
      cause: () => setUp(n1, { forkMs: 5_000 }),
    },
    "sentinels-connected": {
      about: n1,
      evidence: "3 connected, says a 0 s ago",
      cause: () => setUp(n1, { sentinels: 3 }),
    },
    "versions-differ": {
      about: null,
      evidence: `${n1} 7.0.15, ${n2} 6.2.14, ${n3} 7.0.15`,
      cause: () => setUp(n2, { version: "6.2.14" }),
    },
  });
});

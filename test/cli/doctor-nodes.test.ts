import { describe } from "@jest/globals";
import { configOf } from "../support/cli.ts";
import { checkRows, everybody, n1, n2, n3, nodesOf, report, seen, text } from "./doctor-stage.ts";

describe("doctor finds of nodes", () => {
  checkRows("The nodes as they answer", {
    "master-down": {
      about: n1,
      evidence:
        "down(silent) for a 0 s ago, down(silent) for b 0 s ago, down(refused) for c 0 s ago",
      cause: () => {
        seen(n1, { verdict: "down(silent)" }, ["a", "b"]);
        seen(n1, { verdict: "down(refused)" }, ["c"]);
      },
    },
    "node-down": {
      about: n2,
      evidence:
        "down(silent) for a 0 s ago, down(silent) for b 0 s ago, down(silent) for c 0 s ago",
      cause: () => seen(n2, { verdict: "down(silent)" }),
    },
    "node-unreachable": {
      about: n2,
      evidence: "unresolved for b 0 s ago",
      cause: () => seen(n2, { verdict: "unresolved" }, ["b"]),
    },
    "node-refusing": {
      about: n1,
      evidence: "denied for b 0 s ago",
      cause: () => seen(n1, { verdict: "denied" }, ["b"]),
    },
    "node-unseen": {
      about: n3,
      evidence: "in no present heartbeat",
      cause: () => {
        const { [n3]: _gone, ...others } = nodesOf(configOf(text));
        for (const observer of everybody) report(observer, {}, others);
      },
    },
    "node-slow": {
      about: n2,
      evidence: "300 ms from b 0 s ago; half of probeTimeoutMs is 250 ms",
      cause: () => seen(n2, { latencyMs: 300 }, ["b"]),
    },
    "node-lagging": {
      about: n2,
      evidence: "40000000 bytes behind, allowed are 31457280",
      cause: () => {
        seen(n1, { offset: 40_001_000 });
        seen(n3, { offset: 40_001_000 });
      },
    },
    "node-unfit": {
      about: n2,
      evidence: "its priority is 0, says a 0 s ago",
      cause: () => seen(n2, { unfit: "its priority is 0" }),
    },
    "odd-server": {
      about: n2,
      evidence: `${n2} sings; stop it, says b 0 s ago`,
      cause: () => seen(n2, { oddities: [`${n2} sings; stop it`] }, ["b"]),
    },
  });
});

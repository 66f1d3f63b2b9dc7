import { describe } from "@jest/globals";
import { checkRows, cli, n1, n2, n3, prepareWith, report, seen } from "./doctor-stage.ts";

describe("doctor finds of observers", () => {
  checkRows("The observers", {
    "no-quorum": {
      about: null,
      evidence: "1 of use, 3 configured, 2 needed",
      cause: () => {
        cli.store.heartbeats.delete("a");
        cli.store.heartbeats.delete("b");
      },
    },
    "bare-quorum": {
      about: null,
      evidence: "2 of use, 3 configured, 2 needed",
      cause: () => cli.store.heartbeats.delete("a"),
    },
    "quorum-without-spare": {
      about: null,
      evidence: "3 of use, 3 configured, 3 needed",
      cause: () => prepareWith("    dns:", "    quorum: 3\n    dns:"),
    },
    "even-observers": {
      about: null,
      evidence: "4 of use, 4 configured, 3 needed",
      cause: () => prepareWith("[a, b, c]", "[a, b, c, d]"),
    },
    "observer-silent": {
      about: "b",
      evidence: "last heard of 5 min ago",
      cause: () => {
        void cli.clock.sleep(300_000);
        report("a", {});
        report("c", {});
      },
    },
    "observer-absent": {
      about: "b",
      evidence: "no heartbeat names the group",
      cause: () => cli.store.heartbeats.delete("b"),
    },
    "observer-blind": {
      about: "b",
      evidence: "as it says, 0 s ago",
      cause: () => {
        for (const node of [n1, n2, n3]) seen(node, { verdict: "down(silent)" }, ["b"]);
      },
    },
    "observer-behind": {
      about: "b",
      evidence: "it holds version 7, in force is 1",
      cause: () => report("b", { configVersion: 7 }),
    },
    "code-differs": {
      about: null,
      evidence: "a 0.1.0, b 0.2.0, c 0.1.0",
      cause: () => {
        const heartbeat = cli.store.heartbeats.get("b");
        if (heartbeat !== undefined) {
          cli.store.heartbeats.set("b", { ...heartbeat, codeVersion: "0.2.0" });
        }
      },
    },
    "clock-ahead": {
      about: "b",
      evidence: "its last heartbeat is 30 s ahead of us",
      cause: () => {
        const heartbeat = cli.store.heartbeats.get("b");
        if (heartbeat !== undefined) {
          cli.store.heartbeats.set("b", { ...heartbeat, at: "2030-01-01T00:00:30.000Z" });
        }
      },
    },
    "shared-fate": {
      about: "za",
      evidence: "the master and observers za-1, za-2 stand in za; 1 of 2 needed would be left",
      cause: () => prepareWith("[a, b, c]", "[za-1, za-2, zb-1]"),
    },
    "one-place": {
      about: "za",
      evidence: "3 nodes",
      cause: () => prepareWith(/zone: z[bc]/g, "zone: za"),
    },
    "places-unsaid": {
      about: null,
      evidence: "none of 3 nodes has a zone or a region",
      cause: () => prepareWith(/, zone: z[abc], region: r1/g, ""),
    },
  });
});

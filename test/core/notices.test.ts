import { describe, expect, test } from "@jest/globals";
import { configSet } from "../../lib/core/config-changes.ts";
import { answers } from "../support/answers.ts";
import { groupConfig, masterFacts, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { everybody, watchCalm } from "../support/watch.ts";

describe("+reboot", () => {
  test("tells each restart of a replica once, and leaves the master's to R710", () => {
    const watch = watchCalm();
    const restarted = [
      answers(n0, masterFacts({ runId: "run-other" })),
      answers(n1, replicaFacts({ runId: "run-later" })),
      answers(n2, replicaFacts()),
    ];

    watch.look({ samples: restarted });
    const told = watch.noticed;
    watch.look({ samples: restarted });

    expect(told).toEqual([
      expect.objectContaining({
        name: "+reboot",
        level: "notice",
        node: n1,
        evidence: { runId: "run-later" },
      }),
    ]);
    expect(watch.noticed).toEqual([]);
  });

  test("is no news of a node that was never heard of before", () => {
    const watch = watchCalm();

    expect(watch.noticed).toEqual([]);
    watch.look({ samples: everybody });
    expect(watch.noticed).toEqual([]);
  });
});

describe("+set", () => {
  const before = groupConfig({ version: 3 });

  test("says what a configuration changes, and between which versions", () => {
    const [first, second] = before.nodes;
    if (first === undefined || second === undefined) throw new Error("expected nodes");
    const added = { ...second, id: "10.0.0.9:6379" };
    const after = groupConfig({
      version: 5,
      settings: { ...before.settings, downAfterMs: 9_000, marker: false },
      nodes: [{ ...first, priority: 1 }, added],
      auth: { password: "env:PW" },
    });

    const { message, ...event } = configSet("a", before, after);

    expect(event).toMatchObject({
      name: "+set",
      level: "warning",
      evidence: { fromVersion: 3, toVersion: 5 },
    });
    for (const said of [
      `a follows version 5 after 3: `,
      `downAfterMs ${before.settings.downAfterMs} → 9000`,
      "marker true → false",
      `node ${added.id} added`,
      `node ${second.id} removed`,
      `node ${first.id} changed`,
      "auth changed",
    ]) {
      expect(message).toContain(said);
    }
    expect(message).not.toContain("env:PW");
    expect(message).not.toContain("probeIntervalMs");
  });

  test("takes the order of fields for no change, and says so when nothing is another", () => {
    const [one] = before.nodes;
    if (one === undefined) throw new Error("expected nodes");
    const turned = Object.fromEntries(Object.entries(one).reverse());
    const after = {
      ...before,
      version: 4,
      nodes: before.nodes.map((node) => (node === one ? { ...one, ...turned } : node)),
    };

    expect(configSet("a", before, after).message).toBe(
      "a follows version 4 after 3: nothing that it says is another",
    );
  });

  test("says the first twenty of many changes, and how many are left", () => {
    const nodes = Array.from({ length: 25 }, (_, index) => {
      const at = { host: "10.1.0.1", port: 7_000 + index };
      return { id: `10.1.0.1:${at.port}`, probe: at, replicate: at, publish: at };
    });
    const { message } = configSet("a", { ...before, nodes: [] }, { ...before, nodes });

    expect(message).toMatch(/node 10\.1\.0\.1:7019 added, and 5 more$/);
  });
});

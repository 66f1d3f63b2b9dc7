import { describe, expect, test } from "@jest/globals";
import { discoveredMax } from "../../lib/core/discovered.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import { answers, isSilent, meets } from "../support/answers.ts";
import {
  dns,
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  nodeConfig,
  openOn,
  replicaFacts,
} from "../support/builders.ts";
import { commandsOf, eventNames, eventsOf, Watch, watchCalm, written } from "../support/watch.ts";
import {
  addressOf,
  everybodyWith,
  isWriting,
  masterOf,
  meetN3,
  n3,
  n3Facts,
  n4,
  replicasAnswer,
  watchDiscovering,
  watchFound,
} from "./discovery-stage.ts";

describe("R780 a replica that the master names and the file does not", () => {
  test("is asked once, over a connection of its own, before STATE is read", () => {
    const watch = watchDiscovering();

    const decision = watch.look({ samples: everybodyWith(n3) });

    expect(decision).toMatchObject({
      rule: "R780",
      plan: [],
      look: { newcomers: [nodeConfig(n3)], order: "nodes-first", state: true },
    });
    const silent = watch.look({
      samples: everybodyWith(n3),
      newcomers: [meets(nodeConfig(n3), null)],
    });
    expect(silent.look.newcomers).toEqual([]);
    const later = watch.look({ samples: everybodyWith(n3), afterMs: 9_000 });
    expect(later.look.newcomers).toEqual([]);
    const again = watch.look({ samples: everybodyWith(n3), afterMs: 1_000 });
    expect(again.look.newcomers).toEqual([nodeConfig(n3)]);
  });

  test("is taken through STATE when it follows the master, and watched from then on", () => {
    const watch = watchDiscovering();

    const taken = meetN3(watch, n3Facts());

    expect(taken.rule).toBe("R780");
    expect(written(taken)).toMatchObject({ discovered: [addressOf(n3)], phase: "steady" });
    expect(eventsOf(taken)).toEqual([
      expect.objectContaining({ name: "+slave", node: n3, isStored: true }),
    ]);
    const next = watch.look({ done: taken, samples: everybodyWith(n3) });
    expect(next).toMatchObject({ rule: "F170", look: { probe: [n3], info: true } });
    watch.look({ samples: [answers(n3, n3Facts())] });
    expect(Object.keys(watch.memory.nodes)).toEqual([n0, n1, n2, n3]);
    expect(watch.look({ samples: [...everybodyWith(n3), answers(n3)] }).rule).toBe("R799");
  });

  test.each<[string, NodeFacts]>([
    ["is a master", masterFacts({ runId: "run-n3" })],
    ["has lost its link", n3Facts({ isLinkUp: false })],
    ["has another history", n3Facts({ replid: "id-9" })],
    ["is loading", n3Facts({ isLoading: true })],
    ["never synchronised", n3Facts({ hasSynced: false })],
  ])("is not taken when what answers there %s, and that is said once", (_what, facts) => {
    const watch = watchDiscovering();

    const decision = meetN3(watch, facts);
    const after = watch.look({ samples: everybodyWith(n3) });

    expect(commandsOf(decision).map((one) => one.kind)).toEqual(["emit"]);
    expect(eventsOf(decision)).toEqual([
      expect.objectContaining({ name: "+hold", isStored: false, node: n3 }),
    ]);
    expect(after.rule).toBe("R799");
  });

  test("is told and not taken when it belongs to another group, whatever it follows", () => {
    const watch = watchDiscovering();

    const decision = meetN3(watch, n3Facts(), "sessions");

    expect(eventsOf(decision)).toEqual([
      expect.objectContaining({
        name: "+page",
        level: "warning",
        message: `${n3} replicates from ${n0} and belongs to group sessions; it is not watched`,
      }),
    ]);
    expect(watch.look({ samples: everybodyWith(n3) }).rule).toBe("R799");
  });

  test("is one that the file names under another address, by its run id: never twice, never asked again", () => {
    const watch = watchDiscovering();

    const decision = meetN3(watch, n3Facts({ runId: `run-replica-${n1}` }));
    const later = watch.look({ samples: everybodyWith(n3), afterMs: 60_000 });

    expect(decision.rule).toBe("R799");
    expect(later.rule).toBe("R799");
  });

  test("may be a node that the file names by a host name and that does not answer: not taken then", () => {
    const named = { ...nodeConfig("replica.test:6379") };
    const config = groupConfig({
      nodes: [...[n0, n1].map(nodeConfig), named],
      settings: { discover: true },
    });
    const watch = watchDiscovering({ config });
    const samples = [masterOf([n1, n3]), answers(n1, replicaFacts()), isSilent(named.id)];
    watch.look({ samples });

    const decision = watch.look({ samples, newcomers: [meets(nodeConfig(n3), n3Facts())] });

    expect(decision.why).toContain("may be replica.test:6379, which does not answer");
    expect(isWriting(decision)).toBe(false);
  });

  test("takes the place of a dead one that the file names by its address", () => {
    const watch = watchDiscovering();
    const samples = [masterOf([n1, n3]), answers(n1, replicaFacts()), isSilent(n2)];
    watch.look({ samples });

    const decision = watch.look({ samples, newcomers: [meets(nodeConfig(n3), n3Facts())] });

    expect(written(decision)?.discovered).toEqual([addressOf(n3)]);
  });

  test.each([
    ["by its port", "10.0.0.4:6380", { ...dns }, "its port is not the 6379 of the others"],
    ["by its kind", "replica-4.test:6379", { ...dns }, "would change its type"],
    [
      "by its port in the replicas' name",
      "10.0.0.4:6380",
      { ...dns, srv: true, replicas: "r.test" },
      "its port",
    ],
  ])("is told and not taken when it could not be published %s", (_how, node, published, why) => {
    const watch = watchDiscovering({
      config: groupConfig({ dns: published, settings: { discover: true } }),
    });
    const samples = everybodyWith(node);
    const record = {
      from: "dns" as const,
      addresses: ["10.0.0.1"],
      alias: null,
      ports: [6379],
      replicas: ["10.0.0.2", "10.0.0.3"],
    };
    const newcomers = [meets(nodeConfig(node), n3Facts())];
    watch.look({ samples, record });

    const decision = watch.look({ samples, newcomers, record });

    expect(eventsOf(decision)).toEqual([
      expect.objectContaining({ name: "+page", message: expect.stringContaining(why) }),
    ]);
  });

  test("another port is fine where the record says ports", () => {
    const config = groupConfig({ dns: { ...dns, srv: true }, settings: { discover: true } });
    const watch = watchDiscovering({ config });
    const node = "10.0.0.4:6380";
    const samples = everybodyWith(node);
    const record = { from: "dns" as const, addresses: ["10.0.0.1"], alias: null, ports: [6379] };
    watch.look({ samples, record });

    const decision = watch.look({ samples, newcomers: [meets(nodeConfig(node), n3Facts())] });

    expect(written(decision)?.discovered).toEqual([addressOf(node)]);
  });

  test("is told and not taken beyond as many as STATE has room for", () => {
    const many = Array.from({ length: discoveredMax }, (_, index) => `10.0.1.${index + 1}:6379`);
    const watch = watchFound(many);
    const samples = [...everybodyWith(...many, n3), ...many.map((node) => answers(node))];
    watch.look({ samples });

    const decision = watch.look({ samples, newcomers: [meets(nodeConfig(n3), n3Facts())] });

    expect(decision.why).toContain(`${discoveredMax} nodes have been found already`);
    expect(isWriting(decision)).toBe(false);
    expect(watch.look({ samples }).rule).toBe("R799");
  });

  test("several are asked together, and taken together", () => {
    const watch = watchDiscovering();
    const samples = everybodyWith(n3, n4);
    const asked = watch.look({ samples });

    const taken = watch.look({
      samples,
      newcomers: [
        meets(nodeConfig(n3), n3Facts()),
        meets(nodeConfig(n4), n3Facts({ runId: "run-n4" })),
      ],
    });

    expect(asked.look.newcomers).toEqual([n3, n4].map(nodeConfig));
    expect(written(taken)?.discovered).toEqual([n3, n4].map(addressOf));
    expect(eventNames(taken)).toEqual(["+slave", "+slave"]);
  });

  test("is left alone where discovery is off", () => {
    const watch = watchCalm();

    expect(watch.look({ samples: everybodyWith(n3) }).rule).toBe("R799");
  });

  test("waits while anything is open, odd or paused: votes and claims are of one list", () => {
    const pause = { by: "ops", reason: "", until: null, rev: 9 };
    const rules = [{ round: openOn(5) }, { pause }].map((state) => {
      const watch = watchDiscovering({ state: groupState(state) });
      return watch.look({ samples: everybodyWith(n3) });
    });
    const restarted = watchDiscovering();
    const samples = [masterOf([n1, n2, n3], { replid: "id-7" }), ...replicasAnswer()];
    const silent = watchDiscovering();
    silent.look({ samples: everybodyWith(n3) });

    const all = [
      ...rules,
      restarted.look({ samples }),
      silent.look({ samples: [isSilent(n0), ...replicasAnswer()] }),
    ];

    expect(all.map((one) => one.look.newcomers)).toEqual([[], [], [], []]);
  });
});

describe("F170 a shift", () => {
  test("asks the discovered nodes that its first look did not know of, before it concludes anything", () => {
    const state = groupState({ discovered: [addressOf(n3)], round: openOn(5) });
    const watch = new Watch({ state });

    const decision = watch.look({ samples: [isSilent(n0), isSilent(n1), isSilent(n2)] });

    expect(decision).toMatchObject({ rule: "F170", look: { probe: [n3], info: true, afterMs: 0 } });
    expect(watch.look({ samples: [answers(n3, n3Facts())] }).rule).not.toBe("F170");
  });
});

describe("R782 a discovered node", () => {
  test("is dropped when it answers as the same server as one of the file", () => {
    const watch = watchFound([n3]);

    const decision = watch.look({
      samples: [...everybodyWith(n3), answers(n3, replicaFacts({ runId: `run-replica-${n1}` }))],
    });

    expect(decision.rule).toBe("R782");
    expect(written(decision)?.discovered).toEqual([]);
    expect(eventsOf(decision)).toEqual([expect.objectContaining({ name: "-slave", node: n3 })]);
  });

  test("stays when it is the master, and when it is silent", () => {
    const watch = watchFound([n3]);
    const silent = watch.look({ samples: [...everybodyWith(n3), isSilent(n3)], afterMs: 60_000 });

    expect(silent.rule).not.toBe("R782");
    expect(watch.table?.discovered).toEqual([addressOf(n3)]);
  });
});

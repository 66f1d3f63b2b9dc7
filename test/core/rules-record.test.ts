import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../lib/core/commands.ts";
import type { DnsConfig } from "../../lib/core/config.ts";
import { answers, isSilent } from "../support/answers.ts";
import {
  dns,
  groupConfig,
  groupState,
  n0,
  nodeConfig,
  settlingState,
} from "../support/builders.ts";
import {
  afterFailover,
  commandsOf,
  eventNames,
  everybody,
  kindsOf,
  loseMaster,
  type Watch,
  watchCalm,
} from "../support/watch.ts";

function watching(change: Partial<DnsConfig> = {}): Watch {
  return watchCalm({ config: groupConfig({ dns: { ...dns, ...change } }) });
}

const answered = (
  addresses: readonly string[],
  ports: readonly number[] = [],
  alias: string | null = null,
) => ({
  samples: everybody,
  record: { from: "dns" as const, addresses, alias, ports },
});

const refusal: Outcome = {
  kind: "not-published",
  role: "master",
  epoch: 1,
  isRefused: true,
  why: "not ours",
};

describe("R750 the check of the published name", () => {
  test("DNS is asked once a shift", () => {
    const watch = watching();

    expect(watch.look({ samples: everybody })).toMatchObject({
      rule: "R750",
      plan: [],
      look: { record: "resolve" },
    });
    expect(watch.look(answered(["10.0.0.1"])).rule).toBe("R799");
    expect(watch.look({ samples: everybody, afterMs: 30_000 }).rule).toBe("R799");
  });

  test("and again in a shift that goes on: what was edited meanwhile is repaired", () => {
    const watch = watching();
    watch.look({ samples: everybody });
    watch.look(answered(["10.0.0.1"]));

    expect(watch.look({ samples: everybody, afterMs: 74_000 }).rule).toBe("R799");
    expect(watch.look({ samples: everybody, afterMs: 1_000 })).toMatchObject({
      rule: "R750",
      plan: [],
      look: { record: "resolve" },
    });
    const decision = watch.look(answered(["10.0.0.2"]));
    expect(decision.rule).toBe("R760");
    expect(kindsOf(decision)).toContain("publish");
  });

  test("and again in the shift that published it, which asked the API and not DNS", () => {
    const watch = watching();
    watch.look({ samples: everybody, record: { from: "api", found: [] } });

    expect(watch.look({ samples: everybody, afterMs: 75_000 }).rule).toBe("R750");
    expect(watch.look(answered(["10.0.0.2"])).rule).toBe("R760");
  });

  test("a resolver that fails is asked again by the next shift: watching goes on", () => {
    const watch = watching();

    expect(watch.look({ samples: everybody, record: "failed" }).rule).toBe("R799");
    expect(watch.look({ samples: everybody, afterMs: 1_000 }).rule).toBe("R799");
  });

  test("a name that was added to a standing group is published as soon as nothing answers for it", () => {
    const config = groupConfig({ dns });
    const named = watchCalm({ config, state: groupState({ published: null }) });

    expect(named.look({ samples: everybody }).rule).toBe("R750");
    expect(kindsOf(named.look(answered([])))).toContain("publish");
  });

  test("not without a name", () => {
    expect(watchCalm().look({ samples: everybody }).rule).toBe("R799");
  });
});

describe("R760 the repair of the published name", () => {
  test.each<[string, Partial<DnsConfig>, readonly string[], readonly number[]]>([
    ["another address", {}, ["10.0.0.2"], []],
    ["no address", {}, [], []],
    ["two addresses", {}, ["10.0.0.1", "10.0.0.2"], []],
    ["another port", { srv: true }, ["10.0.0.1"], [6380]],
  ])("R6 %s is drift", (_name, change, addresses, ports) => {
    const decision = watching(change).look(answered(addresses, ports));

    expect(decision.rule).toBe("R760");
    expect(eventNames(decision)).toEqual(["+record-drift"]);
    expect(commandsOf(decision)).toContainEqual(
      expect.objectContaining({ kind: "publish", owner: expect.objectContaining({ epoch: 1 }) }),
    );
  });

  test("F10 with the epoch of the commit, whatever the running epoch is", () => {
    const watch = watchCalm({
      config: groupConfig({ dns }),
      state: groupState({ epoch: 4, masterEpoch: 1 }),
    });

    expect(commandsOf(watch.look(answered(["10.0.0.2"])))).toContainEqual(
      expect.objectContaining({ owner: { deployment: "prod", group: "cache", epoch: 1 } }),
    );
  });

  test("an answer from before a commit is no drift after it", () => {
    const watch = watching();
    watch.look({ samples: everybody });
    watch.look(answered(["10.0.0.1"]));
    watch.table = settlingState({ phase: "steady", leader: null, kind: null });

    const decision = watch.look({ samples: afterFailover, afterMs: 2_000 });

    expect(decision).toMatchObject({ rule: "R799", plan: [] });
  });

  test("the right answer is no drift: an address, or the host name that the record leads to", () => {
    expect(watching().look(answered(["10.0.0.1"])).rule).toBe("R799");
    const named = { ...nodeConfig(n0), publish: { host: "n0.example.com", port: 6379 } };
    const config = groupConfig({ dns, nodes: [named, ...groupConfig().nodes.slice(1)] });
    const leadsTo = (alias: string) =>
      watchCalm({ config }).look(answered(["192.0.2.7"], [], alias));
    expect(leadsTo("n0.example.com").rule).toBe("R799");
    expect(leadsTo("n1.example.com").rule).toBe("R760");
  });

  test("a repair that is done or refused is not repeated at every look", () => {
    const done = watching();
    const repair = done.look(answered(["10.0.0.2"]));
    expect(kindsOf(done.look({ done: repair, samples: everybody }))).not.toContain("publish");

    const refused = watching();
    refused.look(answered(["10.0.0.2"]));
    refused.look({ outcomes: [refusal], samples: everybody });
    expect(kindsOf(refused.look(answered(["10.0.0.2"])))).not.toContain("publish");
  });

  test("F8 not while the master does not answer as master", () => {
    const decision = watching().look({ ...answered(["10.0.0.2"]), samples: [isSilent(n0)] });

    expect(kindsOf(decision)).not.toContain("publish");
  });
});

describe("R770 a repair that was refused", () => {
  test("R9, D10 is said once a shift, and watching goes on", () => {
    const watch = watching();
    watch.look(answered(["10.0.0.2"]));

    const first = watch.look({ outcomes: [refusal], samples: everybody });
    const second = watch.look({ samples: everybody });
    const third = watch.look({ samples: everybody });

    expect(first.rule).toBe("R770");
    expect(first.why).toContain("not ours");
    expect(eventNames(first)).toEqual(["-published"]);
    expect([second.rule, third.rule]).toEqual(["R799", "R799"]);
  });
});

describe("the zone, read ahead of need", () => {
  test("is read while the master is suspect, so that a publication starts from what is there", () => {
    const watch = watching();

    expect(loseMaster(watch).look.record).toBe("api");
    expect(watch.look({ record: { from: "api", found: [] } }).look.record).toBe("none");
    expect(watch.look({ samples: [answers(n0)] }).look.record).toBe("none");
  });

  test("R3 that cannot be read is no reason to look at it in every look of a failover", () => {
    const watch = watching();
    loseMaster(watch);

    expect(watch.look({ samples: [isSilent(n0)], record: "failed" }).look.record).toBe("none");
  });
});

import { describe, expect, test } from "@jest/globals";
import type { Outcome, Publish } from "../../lib/core/commands.ts";
import type { Decision } from "../../lib/core/decide.ts";
import { isSilent, prepares } from "../support/answers.ts";
import {
  dns,
  groupConfig,
  n0,
  nodeConfig,
  orphanFacts,
  settlingState,
} from "../support/builders.ts";
import {
  afterFailover,
  commandsOf,
  eventNames,
  eventsOf,
  everybody,
  Watch,
  watchCalm,
  written,
} from "../support/watch.ts";

const replicas = "cache-ro.example.com";
const config = groupConfig({ dns: { ...dns, replicas } });

function publishedBy(decision: Decision): readonly Publish[] {
  return commandsOf(decision).flatMap((one) => (one.kind === "publish" ? [one] : []));
}

const rolesIn = (decision: Decision) => publishedBy(decision).map((one) => one.role);

const notPublished = (role: Publish["role"], isRefused: boolean, epoch = 2): Outcome => ({
  kind: "not-published",
  role,
  epoch,
  isRefused,
  why: isRefused ? "it belongs to group sessions" : "rate exceeded",
});

/** Epoch 2 is committed with n1 as master, and this shift settles it. */
function settling(): { watch: Watch; first: Decision } {
  const watch = new Watch({ state: settlingState({ leader: "a/2" }), config });
  return { watch, first: watch.look({ samples: afterFailover }) };
}

describe("the replicas' name while settling", () => {
  test("F10 comes after the master's, with the epoch of the commit, in a batch of its own", () => {
    const { watch, first } = settling();

    const second = watch.look({ done: first, samples: afterFailover });
    const end = watch.look({ done: second, samples: afterFailover });

    expect([first.rule, second.rule, end.rule]).toEqual(["T600", "T600", "T620"]);
    expect(rolesIn(first)).toEqual(["master"]);
    expect(publishedBy(second)).toEqual([
      {
        kind: "publish",
        role: "replicas",
        zoneId: "Z1",
        owner: { deployment: "prod", group: "cache", epoch: 2 },
        records: [
          expect.objectContaining({ name: `_lambda-sentinel.${replicas}`, type: "TXT" }),
          { name: replicas, type: "A", ttlSeconds: 5, values: ["10.0.0.1", "10.0.0.3"] },
        ],
      },
    ]);
  });

  test("lists a dead node as well: no observer wants another content than the next", () => {
    const samples = [isSilent(n0), ...afterFailover.slice(1)];
    const watch = new Watch({ state: settlingState({ leader: "a/2" }), config });
    const first = watch.look({ samples });

    const [command] = publishedBy(watch.look({ done: first, samples }));

    expect(command?.records[1]?.values).toEqual(["10.0.0.1", "10.0.0.3"]);
  });

  test("R9 refused, is said once and does not keep settling from its end", () => {
    const { watch, first } = settling();
    watch.look({ done: first, samples: afterFailover });

    const end = watch.look({ outcomes: [notPublished("replicas", true)], samples: afterFailover });
    const said = watch.noticed;
    const calm = watch.look({ done: end, samples: afterFailover });

    expect(end.rule).toBe("T620");
    expect(written(end)).toMatchObject({ phase: "steady", published: { epoch: 2 } });
    expect(said).toEqual([
      expect.objectContaining({ name: "-published", level: "warning", isStored: true }),
    ]);
    expect(said[0]?.message).toContain(`${replicas} is not ours to change: it belongs to group`);
    expect(watch.noticed).toEqual([]);
    expect(rolesIn(calm)).toEqual([]);
  });

  test("R3 failed, does not keep settling from its end, and is repeated from steady with a back-off", () => {
    const { watch, first } = settling();
    watch.look({ done: first, samples: afterFailover });

    const end = watch.look({ outcomes: [notPublished("replicas", false)], samples: afterFailover });
    const said = watch.noticed.map((event) => event.name);
    const record = { from: "dns" as const, addresses: ["10.0.0.2"], alias: null, ports: [] };
    const resting = watch.look({ done: end, samples: afterFailover, record });
    const again = watch.look({ samples: afterFailover, afterMs: 300 });
    watch.look({ outcomes: [notPublished("replicas", false)], samples: afterFailover });
    const restingLonger = watch.look({ samples: afterFailover, afterMs: 300 });
    const third = watch.look({ samples: afterFailover, afterMs: 250 });

    expect(end.rule).toBe("T620");
    expect(said).toEqual(["-published"]);
    expect([resting, restingLonger].flatMap(rolesIn)).toEqual([]);
    expect([again.rule, third.rule]).toEqual(["R760", "R760"]);
    expect([again, third].map(rolesIn)).toEqual([["replicas"], ["replicas"]]);
    expect(eventsOf(again)).toEqual([]);
    expect(watch.noticed).toEqual([]);
  });

  test("is published when the master's was refused: neither waits for the other's owner", () => {
    const { watch } = settling();

    const next = watch.look({ outcomes: [notPublished("master", true)], samples: afterFailover });
    const then = watch.look({ done: next, samples: afterFailover });

    expect(rolesIn(next)).toEqual(["replicas"]);
    expect(then.rule).toBe("T630");
  });

  test("waits while the master's backs off: that one goes first", () => {
    const { watch } = settling();

    const next = watch.look({ outcomes: [notPublished("master", false)], samples: afterFailover });
    const again = watch.look({ samples: afterFailover, afterMs: 300 });

    expect(rolesIn(next)).toEqual([]);
    expect(rolesIn(again)).toEqual(["master"]);
  });

  test("the measured time of publication is the master's", () => {
    const { watch, first } = settling();
    const second = watch.look({ done: first, samples: afterFailover });
    const { publishedAtMs } = watch.memory.marks;

    watch.look({ done: second, samples: afterFailover, afterMs: 5_000 });

    expect(publishedAtMs).not.toBeNull();
    expect(watch.memory.marks.publishedAtMs).toBe(publishedAtMs);
  });
});

describe("the replicas' name in steady", () => {
  const answered = (replicas?: readonly string[], addresses = ["10.0.0.1"]) => ({
    samples: everybody,
    record: {
      from: "dns" as const,
      addresses,
      alias: null,
      ports: [],
      ...(replicas ? { replicas } : {}),
    },
  });

  test.each([
    ["lacks a node", ["10.0.0.2"]],
    ["lists the master", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]],
    ["is not there", []],
  ])("R6 is repaired when it %s", (_name, found) => {
    const repair = watchCalm({ config }).look(answered(found));

    expect(repair.rule).toBe("R760");
    expect(publishedBy(repair)).toMatchObject([{ role: "replicas", owner: { epoch: 1 } }]);
    expect(eventsOf(repair)).toMatchObject([{ name: "+record-drift", isStored: false }]);
  });

  test("in any order is right, and not asked says nothing", () => {
    expect(watchCalm({ config }).look(answered(["10.0.0.3", "10.0.0.2"])).rule).toBe("R799");
    expect(watchCalm({ config }).look(answered()).rule).toBe("R799");
  });

  test("is repaired beside the master's when both differ", () => {
    const watch = watchCalm({ config });

    const repair = watch.look(answered([], ["10.0.0.9"]));

    expect(rolesIn(repair)).toEqual(["master", "replicas"]);
    expect(eventNames(repair)).toEqual(["+record-drift", "+record-drift"]);
    expect(watch.look({ done: repair, samples: everybody }).rule).toBe("R799");
  });

  test("R9 refused, is left alone for the rest of the shift, and in the log alone", () => {
    const watch = watchCalm({ config });
    watch.look(answered([]));
    const refused = notPublished("replicas", true, 1);

    const after = watch.look({ outcomes: [refused], samples: everybody });

    expect(watch.noticed).toMatchObject([{ name: "-published", isStored: false }]);
    expect(after.rule).toBe("R799");
    expect(watch.look(answered([])).rule).toBe("R799");
    expect(rolesIn(watch.look(answered([], ["10.0.0.9"])))).toEqual(["master"]);
  });

  test("of a group that has lost its last replica from the configuration names the master", () => {
    const alone = groupConfig({ dns: { ...dns, replicas }, nodes: [nodeConfig(n0)] });

    expect(watchCalm({ config: alone }).look(answered(["10.0.0.1"])).rule).toBe("R799");
  });
});

test("a node that is attached late does not hold the replicas' name", () => {
  const { watch, first } = settling();
  const samples = [...afterFailover.slice(0, 2)];

  const next = watch.look({ done: first, samples, prepared: [prepares(n0, orphanFacts())] });

  expect(rolesIn(next)).toEqual(["replicas"]);
});

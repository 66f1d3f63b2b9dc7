import { describe, expect, test } from "@jest/globals";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { neighboursOf } from "../../lib/shift/neighbours.ts";
import { RunIds } from "../../lib/shift/run-ids.ts";
import { addressOf, n3 } from "../core/discovery-stage.ts";
import { calmStatus, groupConfig, groupState, n0, n1, nodeConfig } from "../support/builders.ts";
import { everybody, Watch } from "../support/watch.ts";

const own = groupConfig({ name: "sessions", nodes: [nodeConfig("10.1.0.1:6379")] });
const cache = groupConfig();

/** The other group as this shift has looked at it; null: it has not. */
function neighbours(
  state: Partial<GroupState> | null,
  latest: readonly GroupConfig[] = [own, cache],
) {
  const watch = new Watch({ config: cache, state: groupState(state ?? {}) });
  if (state !== null) watch.look({ samples: everybody });
  const status = { ...calmStatus, atMs: 0, memory: watch.memory };
  const runIds = new RunIds();
  if (state !== null) runIds.tell("cache", watch.memory.nodes);
  return neighboursOf(
    {
      runIds,
      latest: new Map(latest.map((config) => [config.name, config])),
      statuses: new Map(state === null ? [] : [["cache", status]]),
    },
    "sessions",
  );
}

describe("the other groups of a shift", () => {
  test("are known when the STATE of each has been read, or can't be", () => {
    expect(neighbours(null).areKnown()).toBe(false);
    expect(neighbours({}).areKnown()).toBe(true);
    expect(neighbours(null, [own]).areKnown()).toBe(true);
    const failing = new Watch({ config: cache });
    failing.look({ state: { failed: "timeout" } });
    expect(failing.memory.state).toBeUndefined();
    const status = { ...calmStatus, atMs: 0 };
    const watched = {
      runIds: new RunIds(),
      latest: new Map([["cache", cache]]),
      statuses: new Map([["cache", { ...status, memory: failing.memory }]]),
    };
    expect(neighboursOf(watched, "sessions").areKnown()).toBe(true);
  });

  test("own what their files name, by each of its addresses, looked at or not", () => {
    const split = {
      ...nodeConfig("172.16.0.9:6379"),
      replicate: addressOf("10.9.0.1:6379"),
      publish: addressOf("10.9.0.2:6379"),
    };
    const all = [own, groupConfig({ nodes: [...cache.nodes, split] })];

    const ids = [n0, split.id, "10.9.0.1:6379", "10.9.0.2:6379"].map(nodeConfig);
    expect(ids.map((node) => neighbours(null, all).ownerOf(node, null))).toEqual([
      "cache",
      "cache",
      "cache",
      "cache",
    ]);
  });

  test("own what they have discovered, and the servers that they watch under another name", () => {
    const found = neighbours({ discovered: [addressOf(n3)] });

    expect(found.ownerOf(nodeConfig(n3), null)).toBe("cache");
    expect(neighbours({}).ownerOf(nodeConfig(n3), `run-replica-${n1}`)).toBe("cache");
    expect(neighbours({}).ownerOf(nodeConfig(n3), "run-n3")).toBeNull();
  });

  test("show the servers that have a run id of this group's, and whether they could act on them", () => {
    const ids = new Set([`run-replica-${n1}`]);
    const found = (state: Partial<GroupState>) => neighbours(state).sightings(ids, {});

    expect(found({})).toEqual([
      {
        ...{ group: "cache", node: n1, runId: `run-replica-${n1}`, askedAtMs: expect.any(Number) },
        ...{ isAnswering: true, isClaimed: true },
      },
    ]);
    // Nothing is claimed by a group without a master, and by one with another history unless the node has its marker.
    const master = groupState().master;
    const foreign = master === null ? null : { ...master, replid: "id-9" };
    const claims = [found({ master: null }), found({ master: foreign, histories: ["id-9"] })];
    expect(claims.flat().map((one) => one.isClaimed)).toEqual([false, true]);
    expect(found({ removed: { by: "alice", rev: 1 } })).toEqual([]);
    expect(neighbours({}).sightings(new Set(["run-x"]), {})).toEqual([]);
  });

  test("keep the other names that were known, also where their watch has told nothing", () => {
    const known = { n: { group: "cache", node: n0, isClaimed: true, differsSinceMs: null } };
    expect(neighbours(null).sightings(new Set(), known)).toEqual([
      {
        ...{ group: "cache", node: n0, runId: null, askedAtMs: 0 },
        ...{ isAnswering: false, isClaimed: true },
      },
    ]);
    expect(
      neighbours({})
        .sightings(new Set(), known)
        .map((one) => one.node),
    ).toEqual([n0]);
  });

  test("are seen when each of their nodes was asked once", () => {
    expect(neighbours(null).areSeen()).toBe(false);
    expect(neighbours({}).areSeen()).toBe(true);
    expect(neighbours(null, [own]).areSeen()).toBe(true);
  });

  test("never include the group itself", () => {
    expect(neighbours({}).ownerOf(nodeConfig("10.1.0.1:6379"), null)).toBeNull();
  });
});

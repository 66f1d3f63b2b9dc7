import { describe, expect, test } from "@jest/globals";
import { discover, forget, withDiscovered } from "../../lib/core/discovered.ts";
import { activateConfig, claim, closeRound, commit, openRound } from "../../lib/core/state.ts";
import { removeGroup } from "../../lib/core/state-removal.ts";
import { groupConfig, groupState, n0, n1, n1Record, n2, nodeConfig } from "../support/builders.ts";
import { Watch } from "../support/watch.ts";
import { addressOf, discovering, everybodyWith, n3, n4 } from "./discovery-stage.ts";

const writer = { attempt: "a/2#9", shift: "a/2", rule: "X000", why: "because" };
const found = groupState({ discovered: [addressOf(n3)] });
const idsOf = (config = groupConfig(), state = found) =>
  withDiscovered(config, state).nodes.map((node) => node.id);

describe("the nodes of a group", () => {
  test("are those of the file, and after them those that were found", () => {
    expect(idsOf()).toEqual([n0, n1, n2, n3]);
  });

  test("are those of the file alone where nothing was found, as the very same object", () => {
    const config = groupConfig();

    expect(withDiscovered(config, groupState())).toBe(config);
    expect(withDiscovered(config, null)).toBe(config);
    expect(withDiscovered(config, undefined)).toBe(config);
  });

  test("are each there once, and what the file says of a node counts", () => {
    const own = { ...nodeConfig(n3), zone: "b" };
    const config = groupConfig({ nodes: [nodeConfig(n0), own] });

    expect(withDiscovered(config, found).nodes).toEqual([nodeConfig(n0), own]);
  });

  test("stay found when discovery is switched off: the master may be one of them", () => {
    expect(idsOf(groupConfig({ settings: { discover: false } }))).toContain(n3);
  });

  test("are of the STATE that is decided from, of no older and no younger one", () => {
    const watch = new Watch({ config: discovering, state: found });
    watch.look({ samples: everybodyWith(n3) });
    expect(Object.keys(watch.memory.nodes)).toContain(n3);

    watch.table = groupState({ rev: 12 });
    watch.look({ samples: everybodyWith(), state: "unread" });
    expect(Object.keys(watch.memory.nodes)).toContain(n3);
    watch.look({ samples: everybodyWith() });
    expect(Object.keys(watch.memory.nodes)).not.toContain(n3);
    expect(watch.memory.config.nodes).toEqual(discovering.nodes);
  });

  test("outlive everything but what people do", () => {
    const candidate = { node: n1, replid: "id-1", offset: 1 };
    const intent = { kind: "failover" as const, isAutomatic: true, candidate, masterOffset: 1 };
    const loss = { bytes: 0, certainty: "exact" as const, oldOffset: 1, newOffset: 1 };
    const writes = [
      openRound(found, n0, writer),
      closeRound(found, "x", writer),
      claim(found, intent, writer),
      commit(found, n1Record, loss, writer),
    ];

    expect(writes.map((one) => one.next.discovered)).toEqual(writes.map(() => found.discovered));
    expect(removeGroup(found, "ops", writer).next.discovered).toEqual([]);
  });
});

describe("a write of what was found", () => {
  test("adds to it and takes from it", () => {
    const more = discover(found, [addressOf(n4)], writer).next;

    expect(more.discovered).toEqual([n3, n4].map(addressOf));
    expect(forget(more, [n3], writer).next.discovered).toEqual([addressOf(n4)]);
  });

  test("leaves a request that asks for something else", () => {
    const request = {
      ...{ id: "op#1", kind: "failover" as const, by: "ops" },
      ...{ to: null, at: null, allowedLossBytes: null },
    };

    expect(forget({ ...found, request }, [n3], writer).next.request).toEqual(request);
  });

  test("ends with the file that names the node, by whichever of its addresses", () => {
    const probe = nodeConfig("172.16.0.4:6379");
    const files = [nodeConfig(n3), { ...probe, replicate: addressOf(n3) }].map((node) =>
      groupConfig({ version: 2, nodes: [nodeConfig(n0), node] }),
    );

    expect(files.map((file) => activateConfig(found, file, writer).next.discovered)).toEqual([
      [],
      [],
    ]);
    const other = groupConfig({ version: 2 });
    expect(activateConfig(found, other, writer).next.discovered).toEqual(found.discovered);
  });
});

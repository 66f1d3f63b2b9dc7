import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import type { GroupConfig, NodeConfig, PlacementConfig } from "../../lib/core/config.ts";
import { configuredRank, rankOf } from "../../lib/core/placement.ts";
import {
  contender,
  groupConfig,
  n0,
  n1,
  n2,
  nodeConfig,
  orphanFacts,
} from "../support/builders.ts";
import { electAmong } from "../support/elect.ts";

type Place = Partial<Pick<NodeConfig, "zone" | "region" | "priority">>;

const inParis: Place = { zone: "eu-west-3a", region: "eu-west-3" };
const everything: PlacementConfig = { zones: { "eu-west-3a": 20 }, regions: { "eu-west-3": 30 } };

/** n1 at this place, in a group with this placement. */
function placed(place: Place, placement?: PlacementConfig): GroupConfig {
  return groupConfig({
    nodes: [nodeConfig(n0), { ...nodeConfig(n1), ...place }, nodeConfig(n2)],
    ...(placement === undefined ? {} : { placement }),
  });
}

describe("one priority: the most specific word counts", () => {
  test.each<[string, GroupConfig, number, string]>([
    ["the node", placed({ ...inParis, priority: 10 }, everything), 10, "of the node"],
    ["then its zone", placed(inParis, everything), 20, "of zone eu-west-3a"],
    ["then its region", placed(inParis, { ...everything, zones: {} }), 30, "of region eu-west-3"],
    ["then the server", placed(inParis, { zones: {}, regions: {} }), 100, "of the server"],
    ["the server where nothing else is said", placed({}), 100, "of the server"],
    ["a table of other places", placed({ zone: "b" }, everything), 100, "of the server"],
    [
      "a zone whose name objects know",
      placed({ zone: "constructor" }, everything),
      100,
      "of the server",
    ],
  ])("%s", (_name, config, priority, by) => {
    expect(rankOf(config, n1, 100)).toEqual({ priority, by, never: null });
  });

  test("a node that the configuration doesn't know has the server's", () => {
    expect(rankOf(placed(inParis, everything), "10.0.0.9:6379", 7).priority).toBe(7);
  });

  test("people read what the configuration says, and nothing where the server decides", () => {
    expect(configuredRank(placed(inParis, everything), n1)).toEqual({ priority: 20, never: null });
    expect(configuredRank(placed({}), n1)).toEqual({ priority: null, never: null });
  });
});

describe("never, each with its reason", () => {
  const elsewhere = { zones: {}, regions: {}, masterRegions: ["eu-central-1", "eu-west-1"] };

  test.each<[string, GroupConfig, number, string]>([
    [
      "the server",
      placed({ ...inParis, priority: 10 }, everything),
      0,
      "its replica-priority is 0",
    ],
    ["the node", placed({ priority: 0 }), 100, "its priority is 0 in the configuration"],
    [
      "its zone, whatever the node says",
      placed({ ...inParis, priority: 1 }, { ...everything, zones: { "eu-west-3a": 0 } }),
      100,
      "the priority of its zone eu-west-3a is 0",
    ],
    [
      "its region, whatever the zone says",
      placed(inParis, { ...everything, regions: { "eu-west-3": 0 } }),
      100,
      "the priority of its region eu-west-3 is 0",
    ],
    [
      "another region than a master's",
      placed({ ...inParis, priority: 1 }, elsewhere),
      100,
      "its region eu-west-3 is not one in which a master may live (eu-central-1, eu-west-1)",
    ],
    [
      "no region at all",
      placed({}, elsewhere),
      100,
      "it has no region, and a master may live in eu-central-1, eu-west-1 alone",
    ],
  ])("%s", (_name, config, replicaPriority, reason) => {
    const facts = orphanFacts({ priority: replicaPriority });
    const { choice, field } = electAmong([contender(n1, { facts })], { config });

    expect(choice).toEqual({ kind: "none", why: `${n1}: ${reason}` });
    expect(field).toMatchObject([{ isEligible: false, why: reason }]);
  });
});

describe("S7 the order of the eligible", () => {
  const far = contender(n1, { facts: orphanFacts({ offset: 900, runId: "far", priority: 100 }) });
  const near = contender(n2, { facts: orphanFacts({ offset: 950, runId: "near", priority: 10 }) });

  test("a preferred zone goes before offsets and before the servers' own priorities", () => {
    const config = placed({ zone: "a" }, { zones: { a: 5 }, regions: {} });

    expect(electAmong([far, near], { config: placed({}) }).choice).toMatchObject({ node: n2 });
    expect(electAmong([far, near], { config }).choice).toMatchObject({
      kind: "chosen",
      node: n1,
      why: "best of 2 eligible nodes: priority 5 of zone a, offset 900",
    });
  });

  const nodes = ["a", "b", "c", "d"].map((name) => `${name}:6379`);
  const priority = fc.constantFrom(undefined, 0, 1, 100);
  const place = fc.record({
    zone: fc.constantFrom(undefined, "z1", "z2"),
    region: fc.constantFrom(undefined, "r1", "r2"),
    priority,
    server: fc.constantFrom(0, 1, 100),
    offset: fc.constantFrom(900, 1_000),
  });
  const table = (names: readonly string[]) =>
    fc.dictionary(fc.constantFrom(...names), fc.constantFrom(0, 1, 100), { maxKeys: 2 });
  const placement = fc.record(
    {
      zones: table(["z1", "z2"]),
      regions: table(["r1", "r2"]),
      masterRegions: fc.subarray(["r1", "r2"], { minLength: 1 }),
    },
    { requiredKeys: ["zones", "regions"] },
  );
  const group = fc.tuple(fc.tuple(place, place, place, place), placement).map(([places, rules]) => {
    const config = groupConfig({
      nodes: nodes.map((id, index) => ({ ...nodeConfig(id), ...written(places[index]) })),
      placement: rules,
    });
    const field = nodes.map((id, index) => {
      const { server = 100, offset = 900 } = places[index] ?? {};
      return contender(id, { facts: orphanFacts({ runId: id, priority: server, offset }) });
    });
    return { config, field };
  });

  test("stays total: one choice whatever the listing, and the one that wins every pair", async () => {
    await fc.assert(
      fc.property(group, fc.func(fc.integer()), ({ config, field }, salt) => {
        const { choice, field: rows } = electAmong(field, { config });
        const shuffled = [...field].sort((a, b) => salt(a.node) - salt(b.node));
        expect(electAmong(shuffled, { config }).choice.kind).toBe(choice.kind);
        const eligible = rows.filter((row) => row.isEligible);
        if (choice.kind === "none") return expect(eligible).toEqual([]);
        expect(electAmong(shuffled, { config }).choice).toMatchObject({ node: choice.node });
        const best = field.filter((one) => one.node === choice.node);
        for (const row of eligible) {
          const rivals = field.filter((one) => one.node === row.node && row.node !== choice.node);
          const duel = electAmong([...rivals, ...best], { config }).choice;
          expect(duel).toMatchObject({ node: choice.node });
        }
      }),
    );
  });

  test("a 0 anywhere that applies, and a region that is not listed, is never chosen", async () => {
    await fc.assert(
      fc.property(group, ({ config, field }) => {
        const { choice } = electAmong(field, { config });
        if (choice.kind === "none") return;
        const node = config.nodes.find((one) => one.id === choice.node);
        const { zones, regions, masterRegions } = config.placement ?? { zones: {}, regions: {} };
        const applying = [
          node?.priority,
          zones[node?.zone ?? ""],
          regions[node?.region ?? ""],
          choice.facts.priority,
        ];
        expect(applying).not.toContain(0);
        if (masterRegions !== undefined) expect(masterRegions).toContain(node?.region);
      }),
    );
  });
});

interface Drawn {
  readonly zone: string | undefined;
  readonly region: string | undefined;
  readonly priority: number | undefined;
}

function written(drawn: Drawn | undefined): Place {
  const { zone, region, priority } = drawn ?? {};
  return {
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(priority === undefined ? {} : { priority }),
  };
}

import { describe, expect, test } from "@jest/globals";
import { diffGroups, renderDiff } from "../../lib/config/diff.ts";
import { digestOf, toGroupConfig } from "../../lib/config/digest.ts";
import type { GroupDraft } from "../../lib/config/draft.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";

interface Written {
  /** What follows the address of each of the two nodes; a plain address where it is empty. */
  readonly nodes?: readonly [string, string];
  readonly placement?: string;
}

/** A document with one group. */
function write({ nodes = ["", ""], placement = "" }: Written): string {
  const [first, second] = nodes.map((words, index) => {
    const address = `"10.0.0.${index + 1}:6379"`;
    return words === "" ? address : `{ probe: ${address}, ${words} }`;
  });
  return [
    "observers: [a, b, c]",
    "groups:",
    "  - name: orders",
    `    nodes: [${first}, ${second}]`,
    ...(placement === "" ? [] : [`    placement: ${placement}`]),
    "",
  ].join("\n");
}

function read(written: Written) {
  return loadConfig(write(written), "g.yml");
}

function draft(written: Written): GroupDraft {
  const result = read(written);
  const [group] = result.ok ? result.groups : [];
  if (result.ok && group !== undefined) return group;
  throw new Error(JSON.stringify(result));
}

const zones: Written = {
  nodes: ["zone: a, region: eu", "zone: b, region: us, priority: 7"],
  placement: "{ zones: { a: 10 }, regions: { us: 20 }, masterRegions: [us, eu, us] }",
};

describe("where a master may live", () => {
  test("is read from nodes and group, and absent where nothing is said", () => {
    expect(draft(zones)).toMatchObject({
      nodes: [
        { zone: "a", region: "eu" },
        { zone: "b", region: "us", priority: 7 },
      ],
      placement: { zones: { a: 10 }, regions: { us: 20 }, masterRegions: ["eu", "us"] },
    });
    for (const placement of ["", "{}"]) {
      const plain = draft({ placement });
      expect(plain).not.toHaveProperty("placement");
      expect(plain.nodes[0]).not.toHaveProperty("zone");
      expect(digestOf(plain)).toBe(digestOf(draft({})));
    }
  });

  test.each<[string, Written, string]>([
    [
      "a priority that is none",
      { nodes: ["priority: -1", ""] },
      "g.yml:4:49: groups[0].nodes[0].priority: expected a whole number from 0 (never) to 100000, got -1",
    ],
    [
      "a name that is none",
      { nodes: ['zone: "eu west"', ""] },
      'g.yml:4:45: groups[0].nodes[0].zone: expected a name of 1 to 63 letters, digits, dots, hyphens and underscores that starts with a letter or digit, got "eu west"',
    ],
    [
      "an unknown key of a node",
      { nodes: ["zoen: a", ""] },
      'g.yml:4:39: groups[0].nodes[0].zoen: expected a known key of a node, got "zoen": did you mean "zone"?',
    ],
    [
      "an unknown key of the placement",
      { placement: "{ region: { eu: 1 } }" },
      'g.yml:5:18: groups[0].placement.region: expected a known key of placement, got "region": did you mean "regions"?',
    ],
    [
      "a placement that is none",
      { placement: "eu" },
      'g.yml:5:16: groups[0].placement: expected a mapping with zones, regions or masterRegions, got "eu"',
    ],
    [
      "a priority of a zone that is none",
      { nodes: ["zone: a", ""], placement: "{ zones: { a: high } }" },
      'g.yml:5:30: groups[0].placement.zones.a: expected a whole number from 0 (never) to 100000, got "high"',
    ],
    [
      "a key that is no name",
      { nodes: ["zone: a", ""], placement: '{ zones: { "a b": 1 } }' },
      'g.yml:5:27: groups[0].placement.zones.a b: expected a name of 1 to 63 letters, digits, dots, hyphens and underscores that starts with a letter or digit, got "a b"',
    ],
    [
      "a zone that no node has",
      { nodes: ["zone: eu-west-1a", ""], placement: "{ zones: { eu-west-1b: 0 } }" },
      'g.yml:5:39: groups[0].placement.zones.eu-west-1b: expected the zone of one of the group\'s nodes, got "eu-west-1b": did you mean "eu-west-1a"?',
    ],
    [
      "a region that no node has",
      { placement: "{ regions: { mars: 1 } }" },
      'g.yml:5:35: groups[0].placement.regions.mars: expected the region of one of the group\'s nodes, got "mars": none of them has it',
    ],
    [
      "no region where a master may live",
      { placement: "{ masterRegions: [] }" },
      "g.yml:5:33: groups[0].placement.masterRegions: expected a list of regions, got a list of 0",
    ],
    [
      "a node without region where regions bind",
      { nodes: ["region: eu", ""], placement: "{ masterRegions: [eu] }" },
      'g.yml:4:53: groups[0].nodes[1]: expected a region, as placement.masterRegions needs, got none for 10.0.0.2:6379: write it as { probe: "10.0.0.2:6379", region: … }',
    ],
    [
      "nobody who may be promoted",
      {
        nodes: ["region: eu, priority: 0", "region: us"],
        placement: "{ masterRegions: [eu] }",
      },
      "g.yml:4:12: groups[0].nodes: expected a node that may be promoted, got none: every one has priority 0 or stands in a region in which no master may live",
    ],
  ])("refuses %s", (_name, written, message) => {
    const result = read(written);
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([message]);
  });

  test("warns when one node alone may be promoted", () => {
    const { warnings } = read({ nodes: ["priority: 0", ""] });
    expect(warnings.map(formatProblem)).toEqual([
      "g.yml:4:12: groups[0].nodes: expected two or more nodes that may be promoted, got 10.0.0.2:6379 alone: nobody may take its place when it dies",
    ]);
  });

  test.each<[string, Written]>([
    ["a zone", { ...zones, nodes: ["zone: a, region: eu", "zone: c, region: us, priority: 7"] }],
    ["a priority", { ...zones, nodes: ["zone: a, region: eu", "zone: b, region: us"] }],
    ["a table", { ...zones, placement: "{ zones: { a: 11 }, regions: { us: 20 } }" }],
  ])("another digest for %s", (_name, written) => {
    expect(digestOf(draft(written))).not.toBe(digestOf(draft(zones)));
  });
});

describe("the difference", () => {
  test("tells what a new group says of its places", () => {
    expect(renderDiff(diffGroups([draft(zones)], new Map())).slice(3, -1)).toEqual([
      "    placement: zones a 10; regions us 20; masters in eu, us",
      "    node 10.0.0.1:6379: zone a, region eu",
      "    node 10.0.0.2:6379: zone b, region us, priority 7",
    ]);
  });

  test("tells what changes", () => {
    const stored = new Map([["orders", toGroupConfig(draft(zones), 3)]]);
    const now = draft({
      nodes: ["zone: a, region: eu", "zone: b, region: us"],
      placement: "{ zones: { b: 0, a: 10 } }",
    });

    expect(renderDiff(diffGroups([now], stored)).slice(1)).toEqual([
      "    nodes 10.0.0.2:6379: zone b, region us, priority 7 → zone b, region us",
      "    placement.zones: a 10 → a 10, b 0",
      "    placement.regions: removed, was us 20",
      "    placement.masterRegions: removed, was eu, us",
    ]);
  });
});

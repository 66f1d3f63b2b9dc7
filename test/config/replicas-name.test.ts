import { describe, expect, test } from "@jest/globals";
import { diffGroups, renderDiff } from "../../lib/config/diff.ts";
import { digestOf, toGroupConfig } from "../../lib/config/digest.ts";
import { type LoadedConfig, loadConfig } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";
import { checkZones } from "../../lib/config/zones.ts";

interface Written {
  readonly nodes?: string;
  readonly srv?: boolean;
  /** As YAML; absent when empty. */
  readonly replicas?: string;
}

/** A document with one group; the value of `replicas` starts at column 60 of line 5. */
function write({ nodes, srv = false, replicas = "orders-ro.example.com" }: Written): string {
  return [
    "observers: [a, b, c]",
    "groups:",
    "  - name: orders",
    `    nodes: [${nodes ?? '"10.0.0.1:6379", "10.0.0.2:6379"'}]`,
    `    dns: { zoneId: Z1, name: orders.example.com${srv ? ", srv: true" : ""}${replicas === "" ? "" : `, replicas: ${replicas}`} }`,
    "",
  ].join("\n");
}

function problemsOf(text: string): readonly string[] {
  const result = loadConfig(text, "g.yml");
  return result.ok ? [] : result.problems.map(formatProblem);
}

function load(text: string): LoadedConfig {
  const result = loadConfig(text, "g.yml");
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result;
}

describe("the replicas' name", () => {
  test("is read in its one spelling, and is absent when it is not written", () => {
    expect(load(write({ replicas: "Orders-RO.example.com." })).groups[0]?.dns).toEqual({
      zoneId: "Z1",
      name: "orders.example.com",
      ttlSeconds: 5,
      srv: false,
      replicas: "orders-ro.example.com",
    });
    expect(load(write({ replicas: "" })).groups[0]?.dns).not.toHaveProperty("replicas");
  });

  const form =
    "expected a DNS name of two or more labels and at most 236 characters (letters, digits, hyphens and dots)";

  test.each([
    ["7", "5:60: groups[0].dns.replicas: expected a DNS name inside the zone, got 7"],
    ["orders", `5:60: groups[0].dns.replicas: ${form}, got "orders"`],
    [
      "_lambda-sentinel.orders.example.com",
      `5:60: groups[0].dns.replicas: ${form}, got "_lambda-sentinel.orders.example.com"`,
    ],
    [
      "_redis._tcp.orders.example.com",
      `5:60: groups[0].dns.replicas: ${form}, got "_redis._tcp.orders.example.com"`,
    ],
    [
      "Orders.Example.com.",
      '5:60: groups[0].dns.replicas: expected another name than dns.name, got "orders.example.com" for both: one name can\'t answer the master alone and its replicas too',
    ],
  ])("is no other than a name of a host of its own: %s", (replicas, problem) => {
    expect(problemsOf(write({ replicas }))).toEqual([`g.yml:${problem}`]);
  });

  test("needs IP addresses to publish", () => {
    const nodes = '"10.0.0.1:6379", { probe: "10.0.0.2:6379", publish: "r2.internal:6379" }';
    const both = '{ probe: "10.0.0.1:6379", publish: "r1.internal:6379" }, "r2.internal:6379"';

    expect(problemsOf(write({ nodes: both }))).toEqual([
      'g.yml:4:48: groups[0].nodes[0].publish: expected an IP address to publish, as dns.replicas needs, got "r1.internal", a host name: only A and AAAA records hold several answers; publish addresses or remove dns.replicas',
    ]);
    expect(problemsOf(write({ nodes })).join()).toContain("as dns.replicas needs");
    expect(problemsOf(write({ nodes: both, replicas: "" }))).toEqual([]);
    expect(problemsOf(write({ nodes: '"[2001:db8::1]:1", "[2001:db8::2]:1"' }))).toEqual([]);
  });

  test.each([false, true])("needs one port for all nodes, with srv %s", (srv) => {
    const nodes = '"10.0.0.1:6379", "10.0.0.2:6380"';

    expect(problemsOf(write({ nodes, srv }))).toEqual([
      "g.yml:4:30: groups[0].nodes[1]: expected port 6379, as 10.0.0.1:6379 has, got 6380: an address record carries no port; use one port for all nodes or remove dns.replicas, which has no SRV",
    ]);
  });

  test("belongs to one group, and is no group's name for the master", () => {
    const other = (dns: string) =>
      `${write({})}  - { name: carts, nodes: ["10.0.1.1:1", "10.0.1.2:1"], dns: { zoneId: Z1, ${dns} } }\n`;

    expect(
      problemsOf(other("name: carts.example.com, replicas: ORDERS-ro.example.com")).join(),
    ).toContain(
      "groups[1].dns.replicas: expected each record in one group only, got orders-ro.example.com again, first at groups[0].dns.replicas",
    );
    expect(problemsOf(other("name: orders-ro.example.com")).join()).toContain(
      "groups[1].dns.name: expected each record in one group only, got orders-ro.example.com again, first at groups[0].dns.replicas",
    );
    expect(
      problemsOf(other("name: carts.example.com, replicas: orders.example.com")).join(),
    ).toContain("groups[1].dns.replicas: expected each record in one group only");
  });

  test("lies inside the zone", () => {
    const loaded = load(write({ replicas: "orders.elsewhere.com" }));

    expect(checkZones(loaded, new Map([["Z1", "example.com."]])).map(formatProblem)).toEqual([
      'g.yml:5:60: groups[0].dns.replicas: expected a name inside the zone example.com, got "orders.elsewhere.com"',
    ]);
    expect(checkZones(load(write({})), new Map([["Z1", "example.com"]]))).toEqual([]);
  });

  test("changes the digest only where it is used, and shows in the difference", () => {
    const [without] = load(write({ replicas: "" })).groups;
    const [having] = load(write({})).groups;
    if (without === undefined || having === undefined) throw new Error("expected a group in each");

    const stored = new Map([["orders", toGroupConfig(without, 3)]]);
    const changed = renderDiff(diffGroups([having], stored));

    expect(digestOf(having)).not.toBe(digestOf(without));
    expect(changed).toEqual([
      "~ orders: changed, version 3 in the table",
      "    dns.replicas: added, orders-ro.example.com",
    ]);
    expect(renderDiff(diffGroups([having], new Map()))).toContain(
      "    record: orders.example.com in Z1, replicas at orders-ro.example.com",
    );
  });
});

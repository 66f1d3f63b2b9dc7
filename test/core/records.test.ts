import { describe, expect, test } from "@jest/globals";
import {
  companionText,
  isSameRecord,
  type Ownership,
  parseCompanion,
  planPublication,
  type RecordSet,
  wantedOf,
  wantedRecords,
} from "../../lib/core/records.ts";
import { dns, groupConfig, n0, n1, n2, nodeConfig } from "../support/builders.ts";

const owner = (epoch: number): Ownership => ({ deployment: "prod", group: "cache", epoch });
const at = (host: string) => ({ host, port: 6379 });
const wanted = (epoch: number, host: string, srv = false) =>
  wantedRecords(groupConfig(), { ...dns, srv }, owner(epoch), at(host));
const plan = (found: readonly RecordSet[], epoch: number, host: string, srv = false) =>
  planPublication(found, wanted(epoch, host, srv), owner(epoch));

/** Each change as `ACTION TYPE value`. */
function said(result: ReturnType<typeof planPublication>): readonly string[] {
  if (result.kind !== "change") return [result.kind];
  return result.changes.map(
    ({ action, record }) => `${action} ${record.type} ${record.values.join(" ")}`,
  );
}

const text = (epoch: number, host: string) =>
  `"owner=lambda-sentinel deployment=prod group=cache epoch=${epoch} master=${host}:6379"`;
const address = (value: string, change: Partial<RecordSet> = {}): RecordSet => ({
  name: dns.name,
  type: "A",
  ttlSeconds: 5,
  values: [value],
  ...change,
});

describe("what is published", () => {
  test("the address record's type is the kind of the published address", () => {
    expect(wanted(1, "10.0.0.1")[1]).toEqual(address("10.0.0.1"));
    expect(wanted(1, "2001:db8::1")[1]).toEqual(address("2001:db8::1", { type: "AAAA" }));
    expect(wanted(1, "n0.example.com")[1]).toEqual(address("n0.example.com.", { type: "CNAME" }));
    expect(wanted(1, "n0.example.com.")[1]?.values).toEqual(["n0.example.com."]);
  });

  test("an SRV names the group's own name, and the port of the master", () => {
    expect(wanted(1, "10.0.0.1", true)[2]).toEqual({
      name: "_redis._tcp.cache.example.com",
      type: "SRV",
      ttlSeconds: 5,
      values: ["0 0 6379 cache.example.com."],
    });
  });

  test("F10 the companion is a function of group, commit epoch and address alone", () => {
    expect(companionText(owner(7), at("10.0.0.2"))).toBe(text(7, "10.0.0.2"));
    expect(parseCompanion(text(7, "10.0.0.2"))).toEqual(owner(7));
    expect(parseCompanion('"v=spf1 -all"')).toBeNull();
  });
});

describe("publication as a compare-and-swap", () => {
  test("the first one creates what is wanted, and nothing is deleted", () => {
    expect(said(plan([], 1, "10.0.0.1"))).toEqual([
      `CREATE TXT ${text(1, "10.0.0.1")}`,
      "CREATE A 10.0.0.1",
    ]);
  });

  test("the same again is done", () => {
    expect(said(plan(wanted(1, "10.0.0.1", true), 1, "10.0.0.1", true))).toEqual(["done"]);
  });

  test("a later epoch deletes exactly what was read", () => {
    expect(said(plan(wanted(1, "10.0.0.1"), 2, "10.0.0.2"))).toEqual([
      `DELETE TXT ${text(1, "10.0.0.1")}`,
      "DELETE A 10.0.0.1",
      `CREATE TXT ${text(2, "10.0.0.2")}`,
      "CREATE A 10.0.0.2",
    ]);
  });

  test("from an address to a name and back the type changes in the same batch", () => {
    expect(said(plan(wanted(1, "10.0.0.1"), 2, "n1.example.com"))).toContain("DELETE A 10.0.0.1");
    expect(said(plan(wanted(2, "n1.example.com"), 3, "10.0.0.1"))).toEqual([
      `DELETE TXT ${text(2, "n1.example.com")}`,
      "DELETE CNAME n1.example.com.",
      `CREATE TXT ${text(3, "10.0.0.1")}`,
      "CREATE A 10.0.0.1",
    ]);
  });

  test("an SRV is created and removed with the setting", () => {
    expect(said(plan(wanted(1, "10.0.0.1"), 1, "10.0.0.1", true))).toContain(
      "CREATE SRV 0 0 6379 cache.example.com.",
    );
    expect(said(plan(wanted(1, "10.0.0.1", true), 1, "10.0.0.1"))).toContain(
      "DELETE SRV 0 0 6379 cache.example.com.",
    );
  });

  test("R6 an address edited by hand is repaired by a batch that still names the companion", () => {
    const [companion = address("")] = wanted(1, "10.0.0.1");
    const edited = address("10.6.6.6", { ttlSeconds: 3_600 });

    expect(said(plan([companion, edited], 1, "10.0.0.1"))).toEqual([
      `DELETE TXT ${text(1, "10.0.0.1")}`,
      "DELETE A 10.6.6.6",
      `CREATE TXT ${text(1, "10.0.0.1")}`,
      "CREATE A 10.0.0.1",
    ]);
  });

  test("R6 a TTL edited by hand is drift too", () => {
    const [companion = address("")] = wanted(1, "10.0.0.1");
    const slow = address("10.0.0.1", { ttlSeconds: 3_600 });

    expect(said(plan([companion, slow], 1, "10.0.0.1"))).toEqual([
      `DELETE TXT ${text(1, "10.0.0.1")}`,
      "DELETE A 10.0.0.1",
      `CREATE TXT ${text(1, "10.0.0.1")}`,
      "CREATE A 10.0.0.1",
    ]);
  });

  test("F10 a companion deleted by hand is created again beside an address that is right", () => {
    expect(said(plan([address("10.0.0.1")], 1, "10.0.0.1"))).toEqual([
      "DELETE A 10.0.0.1",
      `CREATE TXT ${text(1, "10.0.0.1")}`,
      "CREATE A 10.0.0.1",
    ]);
  });
});

describe("whose record it is", () => {
  const [companion = address("")] = wanted(2, "10.0.0.2");
  const refusal = (found: readonly RecordSet[]) => plan(found, 2, "10.0.0.2");

  test("an existing record without a companion is a stranger's: never taken over silently", () => {
    expect(refusal([address("192.0.2.1")])).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("A 192.0.2.1 that lambda-sentinel did not write"),
    });
  });

  test("D13 a companion of another group or deployment is a refusal", () => {
    const others = [
      { ...owner(1), group: "sessions" },
      { ...owner(1), deployment: "staging" },
    ];
    for (const other of others) {
      const values = [companionText(other, at("10.0.0.1"))];
      expect(refusal([{ ...companion, values }])).toMatchObject({
        kind: "refused",
        why: expect.stringContaining(`group ${other.group} of deployment ${other.deployment}`),
      });
    }
  });

  test("a companion that somebody else wrote, or wrote into, is a refusal", () => {
    expect(refusal([{ ...companion, values: ['"hello"'] }]).kind).toBe("refused");
    expect(refusal([{ ...companion, values: [...companion.values, '"x"'] }]).kind).toBe("refused");
  });

  test("D10 a companion above the committed epoch means hands off: a restored table", () => {
    expect(plan(wanted(3, "10.0.0.3"), 2, "10.0.0.2")).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("epoch 3, above the committed epoch 2"),
    });
  });

  test("a text that somebody else keeps at the group's name is left alone", () => {
    const verification: RecordSet = { ...address('"v=spf1 -all"'), type: "TXT" };

    expect(said(plan([verification], 1, "10.0.0.1"))).toEqual([
      `CREATE TXT ${text(1, "10.0.0.1")}`,
      "CREATE A 10.0.0.1",
    ]);
    expect(said(plan([...wanted(1, "10.0.0.1"), verification], 1, "10.0.0.1"))).toEqual(["done"]);
    expect(said(plan([...wanted(1, "10.0.0.1"), verification], 2, "10.0.0.2"))).not.toContain(
      'DELETE TXT "v=spf1 -all"',
    );
  });
});

test("records are the same whatever the order of their values", () => {
  const two = address("10.0.0.1", { values: ["10.0.0.1", "10.0.0.2"] });

  expect(isSameRecord(two, { ...two, values: ["10.0.0.2", "10.0.0.1"] })).toBe(true);
  expect(isSameRecord(two, { ...two, values: ["10.0.0.1"] })).toBe(false);
  expect(isSameRecord(two, { ...two, ttlSeconds: 6 })).toBe(false);
});

describe("the replicas' name", () => {
  const name = "cache-ro.example.com";
  const config = groupConfig({ dns: { ...dns, replicas: name } });
  const listed = (nodes: readonly string[], master: string, epoch = 2) => {
    const group = { ...config, nodes: nodes.map(nodeConfig) };
    return wantedOf(group, "replicas", owner(epoch), nodeConfig(master));
  };

  test("F10 lists every node but the committed master, whatever the order in the configuration", () => {
    expect(listed([n2, n0, n1], n1)).toEqual([
      {
        name: `_lambda-sentinel.${name}`,
        type: "TXT",
        ttlSeconds: 60,
        values: [text(2, "10.0.0.2")],
      },
      address("10.0.0.1", { name, values: ["10.0.0.1", "10.0.0.3"] }),
    ]);
    expect(listed([n2, n0, n1], n1)).toEqual(listed([n0, n1, n2], n1));
  });

  test("names the master when it is alone", () => {
    expect(listed([n0], n0)[1]).toEqual(address("10.0.0.1", { name }));
  });

  test("has an AAAA for IPv6, and never an SRV", () => {
    const six = (host: string) => ({ ...nodeConfig(`${host}#:1`), publish: at(host) });
    const [first, second] = [six("2001:db8::1"), six("2001:db8::2")];
    const group = { ...config, dns: { ...dns, srv: true, replicas: name }, nodes: [first, second] };

    expect(wantedOf(group, "replicas", owner(1), first).slice(1)).toEqual([
      address("2001:db8::2", { name, type: "AAAA" }),
    ]);
  });

  test("is nothing for a group without one", () => {
    expect(wantedOf(groupConfig({ dns }), "replicas", owner(1), nodeConfig(n0))).toEqual([]);
    expect(wantedOf(groupConfig(), "master", owner(1), nodeConfig(n0))).toEqual([]);
  });

  test("F10 is changed as a whole by a later epoch, and refused to an older one", () => {
    const before = listed([n0, n1, n2], n0, 1);
    const after = listed([n0, n1, n2], n1, 2);

    expect(said(planPublication(before, after, owner(2)))).toEqual([
      `DELETE TXT ${text(1, "10.0.0.1")}`,
      "DELETE A 10.0.0.2 10.0.0.3",
      `CREATE TXT ${text(2, "10.0.0.2")}`,
      "CREATE A 10.0.0.1 10.0.0.3",
    ]);
    expect(planPublication(after, before, owner(1))).toMatchObject({ kind: "refused" });
  });
});

import { describe, expect, test } from "@jest/globals";
import { diffGroups, renderDiff } from "../../lib/config/diff.ts";
import { digestOf, toGroupConfig } from "../../lib/config/digest.ts";
import { renderJsonSchema, renderSettings } from "../../lib/config/docs.ts";
import type { GroupDraft } from "../../lib/config/draft.ts";
import { type LoadedConfig, loadConfig } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";
import { settingsSchema } from "../../lib/config/schema.ts";
import { listSettings, settingsTable } from "../../lib/config/settings.ts";
import { didYouMean } from "../../lib/config/suggest.ts";
import { timingRules } from "../../lib/config/timing-rules.ts";
import { checkZones } from "../../lib/config/zones.ts";

const text = `observers: [a, b, c]
groups:
  - name: orders
    nodes: ["10.0.0.1:6379", { probe: "10.0.0.2:6379", publish: "10.1.0.2:6379" }]
    dns: { zoneId: Z1, name: orders.redis.example.com }
    auth: { username: watcher, password: "env:PW" }
  - name: carts
    nodes: ["c1.internal:6379", "c2.internal:6379"]
    dns: { zoneId: Z1, name: carts.redis.example.com }
`;

function load(source: string): LoadedConfig {
  const result = loadConfig(source, "g.yml");
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result;
}

function draft(source: string, index = 0): GroupDraft {
  const found = load(source).groups[index];
  if (found === undefined) throw new Error("no such group");
  return found;
}

describe("the digest", () => {
  test("stays the same for the same group, however it is written", () => {
    const other = text
      .replace("[a, b, c]", "[c, a, b]")
      .replace('"10.0.0.1:6379", { probe', "{ probe")
      .replace('publish: "10.1.0.2:6379" }]', 'publish: "10.1.0.2:6379" }, "10.0.0.1:6379"]')
      .replace("carts:", "carts: # a comment");
    expect(digestOf(draft(other))).toBe(digestOf(draft(text)));
    expect(toGroupConfig(draft(text), 1).digest).toBe(toGroupConfig(draft(text), 2).digest);
    expect(digestOf(toGroupConfig(draft(text), 7))).toBe(digestOf(draft(text)));
    expect(digestOf(draft(text))).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ["[a, b, c]", "[a, b, d]"],
    ["10.0.0.1:6379", "10.0.0.9:6379"],
    ["10.1.0.2:6379", "10.1.0.9:6379"],
    ["Z1, name: orders", "Z2, name: orders"],
    ["orders.redis.example.com", "o.redis.example.com"],
    ["username: watcher, ", ""],
    ["env:PW", "env:PW2"],
    ["    auth", "    tls: true\n    auth"],
    ["    auth", "    marker: false\n    auth"],
    ["name: orders\n", "name: other\n"],
  ])("changes with %j", (from, to) => {
    expect(digestOf(draft(text.replace(from, to)))).not.toBe(digestOf(draft(text)));
  });
});

describe("the difference", () => {
  test("names what was added, changed, left as it is and left alone", () => {
    const stored = new Map(
      [...load(text).groups, { ...draft(text, 1), name: "old" }].map((one) => [
        one.name,
        toGroupConfig(one, 3),
      ]),
    );
    const changed = text
      .replace('"10.0.0.1:6379"', '"10.0.0.3:6379"')
      .replace('publish: "10.1.0.2:6379"', 'replicate: "10.1.0.2:6379"')
      .replace("username: watcher, ", "")
      .replace(
        "    auth",
        "    downAfterMs: 3000\n    tls: { servername: redis, cert: env:CERT, key: env:KEY }\n    auth",
      );
    const added =
      '  - name: users\n    nodes: ["u1:1", "u2:1"]\n    quorum: 3\n    marker: false\n';
    expect(renderDiff(diffGroups(load(changed + added).groups, stored))).toEqual([
      "~ orders: changed, version 3 in the table",
      "    nodes 10.0.0.1:6379: removed, was one address for all",
      "    nodes 10.0.0.2:6379: published as 10.1.0.2:6379 → replicates at 10.1.0.2:6379",
      "    downAfterMs: 5000 → 3000",
      "    auth.username: removed, was watcher",
      "    tls: false → true",
      "    nodes 10.0.0.3:6379: added, one address for all",
      "    tls.servername: added, redis",
      "    tls.cert: added, env:CERT",
      "    tls.key: added, env:KEY",
      "= carts: unchanged, version 3",
      "+ users: new",
      "    nodes: u1:1, u2:1",
      "    observers: a, b, c",
      "    settings: quorum 3, marker false; defaults otherwise",
      "  old: in the table and not in the file, left alone",
    ]);
  });
});

describe("zones", () => {
  test("that are not known are not judged", () => {
    expect(checkZones(load(text), new Map())).toEqual([]);
  });

  test("contain their names", () => {
    expect(checkZones(load(text), new Map([["Z1", "redis.example.com."]]))).toEqual([]);
    const problems = checkZones(load(text), new Map([["Z1", "dis.example.com."]]));
    expect(problems.map(formatProblem)).toEqual([
      'g.yml:5:30: groups[0].dns.name: expected a name inside the zone dis.example.com, got "orders.redis.example.com"',
      'g.yml:9:30: groups[1].dns.name: expected a name inside the zone dis.example.com, got "carts.redis.example.com"',
    ]);
  });

  test("have addresses at their apex, and no CNAME", () => {
    const orders = checkZones(load(text), new Map([["Z1", "orders.redis.example.com"]]));
    expect(orders.map(formatProblem)).toEqual([
      'g.yml:9:30: groups[1].dns.name: expected a name inside the zone orders.redis.example.com, got "carts.redis.example.com"',
    ]);
    const carts = checkZones(load(text), new Map([["Z1", "carts.redis.example.com"]]));
    expect(carts.map(formatProblem).at(-1)).toBe(
      'g.yml:9:30: groups[1].dns.name: expected a name below the zone carts.redis.example.com, got its apex: "c1.internal" would be published as a CNAME, which can\'t stand there; publish addresses or choose a name below',
    );
  });
});

describe("the table of settings", () => {
  test("is the schema, name by name and in one order", () => {
    expect(Object.keys(settingsSchema.shape)).toEqual(Object.keys(settingsTable));
  });

  test("has defaults within its own bounds and rules", () => {
    const defaults = settingsSchema.parse({});
    for (const [name, setting] of listSettings()) {
      if (setting.kind !== "integer" || setting.default === "majority") continue;
      expect([
        name,
        setting.default >= setting.minimum,
        setting.default <= setting.maximum,
      ]).toEqual([name, true, true]);
    }
    for (const rule of timingRules) expect(rule.holds({ ...defaults, quorum: 2 })).toBe(true);
  });

  test("is documented whole", () => {
    const rendered = renderSettings();
    for (const [name, setting] of listSettings()) {
      expect(rendered).toContain(`| \`${name}\` |`);
      expect(rendered).toContain(setting.meaning);
    }
    for (const rule of timingRules) expect(rendered).toContain(rule.text);
  });

  test("is in the JSON Schema with its defaults and bounds", () => {
    const schema: unknown = JSON.parse(renderJsonSchema());
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ["observers", "groups"],
      properties: {
        groups: {
          items: {
            additionalProperties: false,
            required: ["name", "nodes"],
            properties: {
              downAfterMs: { type: "integer", default: 5000, minimum: 300, maximum: 3_600_000 },
              whenUnreachable: { enum: ["hold", "failover"], default: "hold" },
            },
          },
        },
      },
    });
  });
});

describe("a suggestion", () => {
  const known = ["downAfterMs", "dns", "name", "nodes"];

  test.each([
    ["downafterms", ': did you mean "downAfterMs"?'],
    ["downAfter", ': did you mean "downAfterMs"?'],
    ["nmae", ': did you mean "name"?'],
    ["nam", ': did you mean "name"?'],
    ["node", ': did you mean "nodes"?'],
    ["colour", ""],
    ["x".repeat(10_000), ""],
  ])("for %.20s", (word, expected) => {
    expect(didYouMean(word, known)).toBe(expected);
  });
});

import * as z from "zod";
import { assertNever } from "../core/assert-never.ts";
import { documentSchema } from "./schema.ts";
import { listSettings, type Setting } from "./settings.ts";
import { timingRules } from "./timing-rules.ts";

/** docs/settings.md: the table of settings and the relations between them. */
export function renderSettings(): string {
  return [
    "# Settings",
    "",
    "Generated from `lib/config/settings.ts` and `lib/config/timing-rules.ts` by `npm run docs:write`; don't edit it here.",
    "",
    "Each group in `groups.yml` may set any of these, side by side with its `name`, `nodes`, `placement`, `dns`, `auth` and `tls`.",
    "Editors that read JSON Schema find the whole form of the file in [groups.schema.json](groups.schema.json).",
    "",
    "| setting | default | minimum | maximum | unit | what it does | why these bounds |",
    "|---|---|---|---|---|---|---|",
    ...listSettings().map(([name, setting]) => renderRow(name, setting)),
    "",
    "## Relations that must hold",
    "",
    "`lambda-sentinel apply` refuses a group in which one of them does not hold.",
    "",
    "| relation | why |",
    "|---|---|",
    ...timingRules.map((rule) => `| ${escapeCell(rule.text)} | ${escapeCell(rule.why)} |`),
    "",
    ...namesText,
    "",
    ...placementText,
    "",
  ].join("\n");
}

const namesText = [
  "## What a node is called",
  "",
  "A node is called as its probe address, or by its `name`, which it keeps wherever its addresses move. Commands, events and the",
  "table know it by that alone. What `apply` demands before the master is looked for elsewhere stands in",
  "[ADR 0011](adr/0011-names-of-nodes.md).",
  "",
  "```yaml",
  "nodes:",
  '  - { name: n1, probe: "10.0.1.10:6379" }',
  '  - { name: n2, probe: "10.0.2.10:6379", publish: "203.0.113.2:6379" }',
  "```",
];

const placementText = [
  "## Where a master may live",
  "",
  "A node may have a `zone`, a `region` and a `priority`; a group's `placement` gives priorities to zones and regions by name,",
  "and lists the regions in which a node may be promoted. Names are yours to choose.",
  "",
  "```yaml",
  "nodes:",
  '  - { probe: "10.0.1.10:6379", zone: eu-west-1a, region: eu-west-1 }',
  '  - { probe: "10.0.2.10:6379", zone: eu-west-1b, region: eu-west-1, priority: 10 }',
  '  - { probe: "10.9.1.10:6379", zone: us-east-1a, region: us-east-1 }',
  "placement:",
  "  zones: { eu-west-1a: 20 }",
  "  regions: { eu-west-1: 30 }",
  "  masterRegions: [eu-west-1]",
  "```",
  "",
  "Each node has one priority, a whole number, and the lowest is promoted first, as Redis Sentinel does with `replica-priority`.",
  "The most specific word counts: the node's `priority`, then its zone's, then its region's, then the server's own",
  "`replica-priority`. A 0 counts wherever it stands, the server's too: that node is never promoted, whatever else is said of it.",
  "Between equal priorities the larger offset decides. None of this moves a master that is well: it decides who comes next.",
];

function renderRow(name: string, setting: Setting): string {
  const cells = [`\`${name}\``, ...boundsOf(setting), setting.meaning, setting.why];
  return `| ${cells.map(escapeCell).join(" | ")} |`;
}

/** Default, minimum, maximum and unit. */
function boundsOf(setting: Setting): readonly string[] {
  switch (setting.kind) {
    case "integer": {
      const byDefault =
        setting.default === "majority" ? "majority of observers" : String(setting.default);
      return [byDefault, String(setting.minimum), String(setting.maximum), setting.unit];
    }
    case "switch":
      return [String(setting.default), "false", "true", ""];
    case "choice":
      return [setting.default, setting.choices.join(" or "), "", ""];
    case "text":
      return [setting.default === "" ? "empty" : setting.default, setting.form, "", ""];
    default:
      return assertNever(setting);
  }
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** docs/groups.schema.json: what editors need to complete and check a groups file. */
export function renderJsonSchema(): string {
  const schema = {
    title: "lambda-sentinel groups",
    ...z.toJSONSchema(documentSchema, { io: "input" }),
  };
  return `${renderJson(schema, "")}\n`;
}

const lineWidth = 100;

/** JSON with short lists on one line, as the project's formatter writes it. */
function renderJson(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => renderJson(item, inner));
    const isFlat = value.every((item) => typeof item !== "object");
    const line = `[${items.join(", ")}]`;
    if (isFlat && indent.length + line.length < lineWidth / 2) return line;
    return `[\n${items.map((item) => inner + item).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${renderJson(item, inner)}`,
  );
  return entries.length === 0 ? "{}" : `{\n${entries.join(",\n")}\n${indent}}`;
}

import type { Rule } from "../lib/core/rules/rule.ts";
import { type RuleTable, rules } from "../lib/core/rules.ts";

type Row = Pick<Rule<unknown>, "id" | "title" | "source">;

/** The parts of the table in the order in which a decision walks them, and when each of them is walked. */
const parts: Readonly<Record<keyof RuleTable, readonly [title: string, when: string]>> = {
  failStatic: ["First of all", "Tried in every decision."],
  withoutState: ["A group without STATE", "Tried when STATE was read and there is none."],
  handsOff: ["Hands off", "Tried whenever there is a STATE."],
  withoutMaster: ["Bootstrap", "Tried while STATE names no master."],
  steady: ["Phase `steady`", "Suspicion, votes and claims; then requests, repairs and the record."],
  promoting: [
    "Phase `promoting`",
    "P and W rows are tried only by the shift that leads the open epoch: P for a failover, W for a switchover, and the first three P rows for both.",
  ],
  settling: [
    "Phase `settling`",
    "A new suspicion comes before the work that is left. T rows but the last are tried only by the shift that leads.",
  ],
};

/** Decisions that stand outside the table, because they are made where there is no view to try a row on. */
const beside: readonly Row[] = [
  {
    id: "F160",
    title: "Do nothing while the committed master is no node of the configuration.",
    source: "lib/core/decide.ts",
  },
  {
    id: "F190",
    title:
      "Do nothing, and say so, where no row found anything: an open epoch of a form that no version writes.",
    source: "lib/core/decide.ts",
  },
  {
    id: "L440",
    title: "Release the open epoch when the leading shift ends, so that nobody need wait for it.",
    source: "protocol F9; lib/shift/group.ts",
  },
];

/** docs/rules.md: every row of the decision table, in the order in which it is tried. */
export function renderRules(): string {
  const keys = Object.keys(rules).filter((key): key is keyof RuleTable => key in parts);
  return [
    "# Rules",
    "",
    "Generated from `lib/core/rules.ts` by `npm run docs:write`; don't edit it here.",
    "",
    "One decision walks these tables from the top and takes the first row that finds something. The id of that row stands",
    "in the log line, in the stored event, in `lambda-sentinel status` and in STATE. A row may rely on every row above it",
    "having found nothing. Sources are explained in [reasons.md](reasons.md).",
    ...keys.flatMap((key) => [
      "",
      `## ${parts[key][0]}`,
      "",
      parts[key][1],
      "",
      ...table(rules[key]),
    ]),
    "",
    "## Beside the tables",
    "",
    ...table(beside),
    "",
  ].join("\n");
}

function table(rows: readonly Row[]): readonly string[] {
  return [
    "| # | id | what it does | source |",
    "|---|---|---|---|",
    ...rows.map(
      (row, index) => `| ${index + 1} | ${row.id} | ${cell(row.title)} | ${cell(row.source)} |`,
    ),
  ];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

import { type Kinds, severities } from "../lib/cli/doctor/finding.ts";
import { kindsByPart } from "../lib/cli/doctor/kinds.ts";
import { exitCodes } from "../lib/cli/exit.ts";

const meanings: Readonly<Record<(typeof severities)[number], readonly [string, number]>> = {
  error: ["a failover would not come, or not end well", exitCodes.unfinished],
  warning: ["nothing is wrong now, and the next fault would make it so", exitCodes.warnings],
  note: ["worth knowing, and may be meant so", exitCodes.fine],
};

/** docs/doctor.md: every finding there is, with what to do about it. */
export function renderFindings(): string {
  return [
    "# What doctor finds",
    "",
    "Generated from `lib/cli/doctor` by `npm run docs:write`; don't edit it here. The command itself is described in",
    "[cli.md](cli.md#doctor). Ids are stable: scripts may look for them. The worst finding decides the exit code.",
    "",
    "| severity | meaning | exit code |",
    "|---|---|---|",
    ...severities.map((one) => `| ${one} | ${meanings[one][0]} | ${meanings[one][1]} |`),
    ...Object.entries(kindsByPart).flatMap(([part, kinds]) => [
      "",
      `## ${part}`,
      "",
      ...table(kinds),
    ]),
    "",
  ].join("\n");
}

function table(kinds: Kinds): readonly string[] {
  return [
    "| id | severity | what is so | what to do | more |",
    "|---|---|---|---|---|",
    ...Object.entries(kinds).map(([id, { severity, title, todo, see }]) => {
      const page = see.replace(/^docs\//, "");
      const name = page.replace(/#.*$/, "");
      return `| \`${id}\` | ${severity} | ${cell(title)} | ${cell(todo)} | [${name}](${page}) |`;
    }),
  ];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

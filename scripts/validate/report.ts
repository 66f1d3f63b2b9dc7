import type { Finding } from "./drill.ts";
import { type Invocation, type Spread, spreadOf } from "./measures.ts";
import type { Scratch } from "./scratch.ts";

/** Everything that a validation found, as Markdown to paste. */
export interface Findings {
  readonly drills: Finding[];
  readonly invocations: Map<string, readonly Invocation[]>;
  /** Milliseconds, by what was measured. */
  readonly times: Map<string, readonly number[]>;
}

export interface Ending {
  readonly startedAt: string;
  readonly version: string;
  readonly failure: string | null;
  readonly left: readonly string[];
}

export function renderReport(scratch: Scratch, found: Findings, ending: Ending): string {
  const { startedAt, version, failure, left } = ending;
  return [
    `## lambda-sentinel ${version} on AWS, ${startedAt}, ${scratch.region}`,
    "",
    failure === null ? "Every step was done." : `It ended early: ${failure}`,
    left.length === 0 ? "Everything was taken away." : "Left behind:",
    ...left.map((line) => `- ${line}`),
    "",
    "| what | result |",
    "|---|---|",
    ...found.drills.map(({ what, result }) => `| ${what} | ${result} |`),
    "",
    "| measured | count | p50 ms | p95 ms | max ms |",
    "|---|---|---|---|---|",
    ...spreads(found).map(renderSpread),
    "",
  ].join("\n");
}

function spreads({ invocations, times }: Findings): readonly (readonly [string, Spread | null])[] {
  const all = [...invocations].flatMap(([name, each]) => {
    const cold = each.flatMap(({ initMs }) => (initMs === null ? [] : [initMs]));
    return [[`cold start of ${name}, Init Duration`, spreadOf(cold)] as const];
  });
  return [...all, ...[...times].map(([name, each]) => [name, spreadOf(each)] as const)];
}

function renderSpread([name, spread]: readonly [string, Spread | null]): string {
  if (spread === null) return `| ${name} | 0 | – | – | – |`;
  const { count, p50, p95, max } = spread;
  return `| ${name} | ${[count, p50, p95, max].map((value) => Math.round(value * 10) / 10).join(" | ")} |`;
}

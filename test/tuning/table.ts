import type { Course, Death } from "../holes/death.ts";
import type { CalmRecord } from "../simulator/calm-seed.ts";
import { quantile } from "../support/quantile.ts";
import type { Point } from "./points.ts";

export interface Row {
  readonly point: Point;
  readonly deaths: Readonly<Record<Death, readonly Course[]>>;
  readonly noise: readonly CalmRecord[];
}

const columns = [
  "knob",
  "value",
  "kill: promoted after p50 / p95 / max, ms",
  "hang: promoted after p50 / p95 / max, ms",
  "in noise, of 100 group-hours: rounds",
  "false failovers",
] as const;

/** A table of Markdown, as it stands in docs/tuning.md: a knob is named once. */
export function tableOf(rows: readonly Row[]): string {
  const told = rows.map(({ point, deaths, noise }, index) => [
    rows[index - 1]?.point.knob === point.knob ? "" : point.knob,
    point.says,
    spread(deaths.kill),
    spread(deaths.hang),
    perHundredHours(noise, "rounds"),
    perHundredHours(noise, "epochs"),
  ]);
  return [columns, columns.map(() => "---"), ...told].map(lineOf).join("\n");
}

/** Distribution of the time to a writable master. */
function spread(courses: readonly Course[]): string {
  const sorted = courses.map(({ promotedMs }) => Math.round(promotedMs)).sort((a, b) => a - b);
  const at = (share: number) => quantile(sorted, share) ?? "none";
  return `${at(0.5)} / ${at(0.95)} / ${at(1)}`;
}

/** An hour ends with its first failover, so rates are of the time that was lived through. */
function perHundredHours(noise: readonly CalmRecord[], key: "rounds" | "epochs"): string {
  const hours = noise.reduce((total, one) => total + one.virtualMs, 0) / 3_600_000;
  const count = noise.reduce((total, one) => total + one[key], 0);
  if (hours === 0) return "not measured";
  return count === 0 ? `0 in ${Math.round(hours)} h` : ((100 * count) / hours).toPrecision(3);
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

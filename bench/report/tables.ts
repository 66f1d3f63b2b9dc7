import { type Measurement, type Side, sides } from "../measurement.ts";
import type { Sample } from "../raw.ts";
import type { Spread } from "../statistics.ts";
import type { Figures } from "./figures.ts";
import type { Target } from "./targets.ts";

/** Tables of Markdown out of what was measured. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(lineOf).join("\n");
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Three digits are all that a median of some ten runs is worth. */
export function formatNumber(value: number | null): string {
  if (value === null) return "–";
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : 2);
}

export function formatSpread(spread: Spread | null): string {
  if (spread === null) return "–";
  const { median, quarter, threeQuarters, least, most } = spread;
  const n = formatNumber;
  if (least === most) return n(median);
  return `${n(median)} (${n(quarter)} to ${n(threeQuarters)}; ${n(least)} to ${n(most)})`;
}

export function targetTable(targets: readonly Target[]): string {
  const head = ["what", "unit", "Sentinel", "ours", "promised", "verdict"];
  return table(
    head,
    targets.map(({ what, unit, sentinel, ours, promise, verdict }) => [
      ...[what, unit, formatNumber(sentinel), formatNumber(ours)],
      ...[promise, ours === null ? "not measured" : (verdict ?? "")],
    ]),
  );
}

const propagationsSeconds = [0, 5, 20, 60] as const;

/**
 * What a client of DNS waits in all, when a change takes so long to reach the servers that answer, and its resolver kept
 * the old answer in the last moment for a whole TTL. Computed from the time at which the lab's DNS answered, where changes
 * appear at once and nobody caches; a client of Sentinel has no such delay.
 */
export function propagationTable(
  figures: Figures,
  names: readonly string[],
  ttlSeconds: number,
): string {
  const head = ["s, median", "Sentinel", "ours, name at once"].concat(
    propagationsSeconds
      .filter((seconds) => seconds > 0)
      .map((seconds) => `${seconds} s propagation + ${ttlSeconds} s TTL`),
  );
  return table(
    head,
    names.map((name) => {
      const sentinel = figures.median(name, "sentinel", "firstWriteMs");
      const ours = figures.median(name, "ours", "firstWriteMs");
      return [
        name,
        formatSeconds(sentinel),
        ...propagationsSeconds.map((seconds) =>
          formatSeconds(ours === null ? null : withPropagation(ours, seconds, ttlSeconds)),
        ),
      ];
    }),
  );
}

/** In ms. A name that appears at once is one that nobody has cached, too. */
export function withPropagation(
  firstWriteMs: number,
  propagationSeconds: number,
  ttlSeconds: number,
): number {
  if (propagationSeconds === 0) return firstWriteMs;
  return firstWriteMs + (propagationSeconds + ttlSeconds) * 1_000;
}

function formatSeconds(ms: number | null): string {
  return ms === null ? "–" : (ms / 1_000).toFixed(2);
}

/** Every reading of one measurement, with its spread. */
export function readingsTable(figures: Figures, name: string): string {
  const of = (side: Side) => figures.readingsOf(name, side);
  const readings = [...new Set(sides.flatMap(of))];
  const head = ["reading", ...sides.map((side) => `${side} (${figures.runs(name, side)} runs)`)];
  return table(
    head,
    readings.map((reading) => [
      reading,
      ...sides.map((side) => formatSpread(figures.spread(name, side, reading))),
    ]),
  );
}

/** What is missing for the page to be whole; empty: nothing. */
export function missingRuns(
  figures: Figures,
  all: readonly Measurement[],
  pairs: number,
): readonly string[] {
  return all.flatMap(({ name, pairsMax = pairs, run }) =>
    sides
      .filter((side) => run[side] !== undefined)
      .flatMap((side) => {
        const wanted = Math.min(pairs, pairsMax);
        const got = figures.runs(name, side);
        return got >= wanted ? [] : [`${name}, ${side}: ${got} of ${wanted} runs`];
      }),
  );
}

export function failureLines(samples: readonly Sample[]): readonly string[] {
  return samples
    .filter(({ failure }) => failure !== null)
    .map(({ measurement, side, pair, failure }) => {
      const [first = ""] = (failure ?? "").split("\n");
      return `${measurement}, ${side}, pair ${pair + 1}: ${first}`;
    });
}

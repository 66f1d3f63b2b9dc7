import { quantile } from "../support/quantile.ts";

/** What one run measured; null: it did not come about in this run. */
export type Readings = Readonly<Record<string, number | null>>;

export interface Measure {
  /** As in the readings, and in the table. */
  readonly name: string;
  readonly unit: "ms" | "writes" | "bytes";
  /** What no run may exceed; null: there is none. */
  readonly bound: number | null;
}

/** One way to fall into a hole, measured over many seeds. */
export interface Case {
  readonly hole: string;
  readonly what: string;
  readonly measures: readonly Measure[];
  /** Throws when something that must hold in every run does not. */
  run(seed: number): Promise<Readings>;
}

export interface Row {
  readonly hole: string;
  readonly what: string;
  readonly measure: Measure;
  /** In ascending order. */
  readonly values: readonly number[];
  readonly runs: number;
  /** The first seed that exceeds the bound. */
  readonly excess: number | null;
}

export async function measureCase(one: Case, seeds: readonly number[]): Promise<readonly Row[]> {
  const readings = new Map<number, Readings>();
  for (const seed of seeds) readings.set(seed, await one.run(seed));
  return one.measures.map((measure): Row => {
    const { name, bound } = measure;
    const got = [...readings].flatMap(([seed, all]): readonly (readonly [number, number])[] => {
      const value = all[name];
      if (value === undefined) throw new Error(`expected "${name}" among ${Object.keys(all)}`);
      return value === null ? [] : [[seed, value]];
    });
    const excess = got.find(([, value]) => bound !== null && value > bound)?.[0] ?? null;
    const values = got.map(([, value]) => value).sort((a, b) => a - b);
    return { hole: one.hole, what: one.what, measure, values, runs: seeds.length, excess };
  });
}

const columns = ["hole", "case", "measured", "p50", "p95", "max", "bound", "runs"];

function cellsOf({ hole, what, measure, values, runs }: Row): readonly string[] {
  const at = (share: number) => quantile(values, share);
  const say = (value: number | null | undefined) =>
    value === undefined || value === null ? "none" : `${Math.round(value)}`;
  const { name, unit, bound } = measure;
  const count = values.length === runs ? `${runs}` : `${values.length} of ${runs}`;
  const named = `${name}, ${unit}`;
  return [hole, what, named, say(at(0.5)), say(at(0.95)), say(at(1)), `${bound ?? "none"}`, count];
}

/** A table of Markdown, as it stands in docs/limits.md: what a row shares with the one above it is not repeated. */
export function tableOf(rows: readonly Row[]): string {
  const all = rows.map(cellsOf);
  const told = all.map(([hole = "", what = "", ...others], index) => {
    const [above, beside] = all[index - 1] ?? [];
    const isSame = above === hole;
    return [isSame ? "" : hole, isSame && beside === what ? "" : what, ...others];
  });
  return [columns, columns.map(() => "---"), ...told].map(lineOf).join("\n");
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

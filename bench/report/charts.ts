import type { EChartsOption } from "echarts";
import { init } from "echarts";
import { type Side, sides } from "../measurement.ts";
import type { Figures } from "./figures.ts";

/** Pictures of what was measured, drawn without a browser. */

export interface Chart {
  /** Of the file. */
  readonly name: string;
  readonly says: string;
  readonly svg: string;
}

const size = { width: 900, height: 360 };
const colours: Readonly<Record<Side, string>> = { ours: "#2563eb", sentinel: "#dc2626" };
const labels: Readonly<Record<Side, string>> = { ours: "ours", sentinel: "Redis Sentinel" };

/** Those for which something was measured. */
export function chartsOf(figures: Figures): readonly Chart[] {
  return [failovers(figures), steps(figures), watching(figures)].filter((one) => one !== null);
}

const kinds = ["kill", "crash-300", "hang", "hang-idle"];

/** Each run is a dot. */
function failovers(figures: Figures): Chart | null {
  const measured = kinds.filter((kind) => figures.named(kind).includes(kind));
  if (measured.length === 0) return null;
  const series = sides.map((side, place) => ({
    name: labels[side],
    type: "scatter" as const,
    symbolSize: 7,
    color: colours[side],
    data: measured.flatMap((kind, index) =>
      figures
        .values(kind, side, "firstWriteMs")
        // The two sides of a kind stand one above the other.
        .map((ms): [number, number] => [ms / 1_000, index + (place === 0 ? 0.15 : -0.15)]),
    ),
  }));
  const svg = draw({
    title: { text: "From the fault to the first acknowledged write, each run" },
    legend: { top: 28 },
    grid: { left: 110, right: 30, top: 70, bottom: 50 },
    xAxis: { type: "value", name: "s", min: 0 },
    yAxis: {
      ...{ type: "value", min: -0.5, max: measured.length - 0.5, interval: 1 },
      axisLabel: { formatter: (at: number) => measured[Math.round(at + 0.001)] ?? "" },
      splitLine: { show: false },
    },
    series,
  });
  const says = "From the fault to the first acknowledged write: each run is a dot.";
  return { name: "failovers.svg", says, svg };
}

const stepsOfFailover = [
  ["detectedMs", "suspected"],
  ["agreedMs", "leader elected"],
  ["writableMs", "new master writable"],
  ["nameMs", "can be learned"],
  ["firstWriteMs", "client writes"],
] as const;

/** Medians of the instants, one upon the other: a step that ends before the one below has no height. */
function steps(figures: Figures): Chart | null {
  const bars = ["kill", "hang"].flatMap((kind) =>
    sides
      .filter((side) => figures.runs(kind, side) > 0)
      .map((side) => ({ label: `${kind}, ${labels[side]}`, kind, side })),
  );
  if (bars.length === 0) return null;
  const reached = bars.map(() => 0);
  const series = stepsOfFailover.map(([reading, name]) => ({
    ...{ name, type: "bar" as const, stack: "steps" },
    data: bars.map(({ kind, side }, index) => {
      const atMs = figures.median(kind, side, reading) ?? 0;
      const beforeMs = reached[index] ?? 0;
      reached[index] = Math.max(beforeMs, atMs);
      return Math.max(0, atMs - beforeMs) / 1_000;
    }),
  }));
  const svg = draw({
    title: { text: "Where the time of a failover goes, medians" },
    legend: { top: 28 },
    grid: { left: 150, right: 30, top: 70, bottom: 50 },
    xAxis: { type: "value", name: "s" },
    yAxis: { type: "category", data: bars.map(({ label }) => label), inverse: true },
    series,
  });
  return { name: "steps.svg", says: "Where the time of a failover goes, medians.", svg };
}

function watching(figures: Figures): Chart | null {
  const measured = figures.named("watching-");
  if (measured.length === 0) return null;
  const svg = draw({
    title: { text: "CPU of a process that watches healthy nodes" },
    legend: { top: 28 },
    grid: { left: 70, right: 30, top: 70, bottom: 50 },
    xAxis: {
      ...{ type: "category", name: "nodes" },
      data: measured.map((name) => name.replace("watching-", "")),
    },
    yAxis: { type: "value", name: "µs per node-second" },
    series: sides.map((side) => ({
      ...{ name: labels[side], type: "bar" as const, color: colours[side] },
      data: measured.map((name) => figures.median(name, side, "cpuUsPerNodeSecond") ?? 0),
    })),
  });
  const says = "CPU time of a process that watches healthy nodes, by their number, medians.";
  return { name: "watching.svg", says, svg };
}

function draw(option: EChartsOption): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption({ animation: false, backgroundColor: "#ffffff", ...option });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

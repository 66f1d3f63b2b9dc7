import { jest } from "@jest/globals";
import * as z from "zod";
import { dimensionSets, isMetric, metrics } from "../../lib/core/metrics.ts";

const emfSchema = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z
      .array(
        z.object({
          Namespace: z.literal("LambdaSentinel"),
          Dimensions: z.array(z.array(z.string()).min(1)).min(1),
          Metrics: z.array(z.object({ Name: z.string(), Unit: z.string() })).min(1),
        }),
      )
      .length(1),
  }),
});

/** One value of one metric, as CloudWatch would take it from a line. */
export interface Datum {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Each series that the value belongs to: `deployment=prod,group=cache`. */
  readonly series: readonly string[];
}

export interface EmfLines {
  readonly data: () => readonly Datum[];
  /** The values of one metric, in their order. */
  readonly valuesOf: (name: string) => readonly number[];
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
  readonly restore: () => void;
}

/** Reads what this process prints in the embedded format, and holds it to what CloudWatch demands of it. */
export function captureEmf(): EmfLines {
  const texts: string[] = [];
  const written = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    texts.push(String(text));
    return true;
  });
  const lines = () => texts.filter((text) => text.startsWith('{"_aws"')).map(parseLine);
  const data = () => lines().flatMap(dataOf);
  return {
    data,
    lines,
    valuesOf: (name) => data().flatMap((one) => (one.name === name ? [one.value] : [])),
    restore: () => written.mockRestore(),
  };
}

function parseLine(text: string): z.infer<typeof emfSchema> {
  return emfSchema.parse(JSON.parse(text));
}

export function dataOf(line: z.infer<typeof emfSchema>): readonly Datum[] {
  return line._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
    Metrics.map(({ Name, Unit }) => {
      const series = Dimensions.map((set) =>
        set.map((name) => `${name}=${z.string().min(1).parse(line[name])}`).join(),
      );
      return { name: Name, unit: Unit, value: z.number().parse(line[Name]), series };
    }),
  );
}

/** That a datum is what the catalogue says of it. */
export function isAsCatalogued({ name, unit, series }: Datum): boolean {
  if (!isMetric(name)) return false;
  const sets = series.map((one) => one.replace(/=[^,]*/g, ""));
  const known = dimensionSets[metrics[name].scope].map((set) => set.join());
  return unit === metrics[name].unit && sets.every((set) => known.includes(set));
}

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { Turn } from "./measurement.ts";

export const root = fileURLToPath(new URL("..", import.meta.url));

const sample = z.object({
  kind: z.literal("sample"),
  measurement: z.string(),
  side: z.enum(["ours", "sentinel"]),
  pair: z.number(),
  readings: z.record(z.string(), z.number().nullable()),
  /** Why there are no readings; null: there are. */
  failure: z.string().nullable(),
  tookMs: z.number(),
  /** Of the last minute, before the run. A machine that others use measures them too. */
  loadAverage: z.number(),
});

const machine = z.object({
  kind: z.literal("machine"),
  cores: z.number(),
  memoryGiB: z.number(),
  system: z.string(),
  node: z.string(),
  server: z.string(),
});

const line = z.discriminatedUnion("kind", [sample, machine]);

/** One run of one side. */
export type Sample = z.infer<typeof sample>;
/** Where it ran, without its name. */
export type Machine = z.infer<typeof machine>;

/**
 * What was measured on one state of the sources, a line of JSON for each run, written when the run ends: an interrupted
 * benchmark goes on where it stopped. A line that was cut short by the interruption is no result.
 */
export class RawResults {
  readonly file: string;
  readonly samples: Sample[] = [];
  readonly machines: Machine[] = [];

  constructor(file: string) {
    this.file = file;
    if (!existsSync(file)) return;
    for (const text of readFileSync(file, "utf8").split("\n")) {
      const read = line.safeParse(parseJson(text));
      if (read.success) this.#take(read.data);
    }
  }

  #take(one: Sample | Machine): void {
    if (one.kind === "sample") this.samples.push(one);
    else this.machines.push(one);
  }

  add(one: Sample | Machine): void {
    mkdirSync(dirname(this.file), { recursive: true });
    // Begins with the line's end: the last run may have died in the middle of a line.
    appendFileSync(this.file, `\n${JSON.stringify(one)}`);
    this.#take(one);
  }

  /** A turn that failed is tried again by the next benchmark, and its failure stays on record. */
  isDone({ measurement, side, pair }: Turn): boolean {
    return this.samples.some(
      (one) =>
        one.failure === null &&
        one.measurement === measurement.name &&
        one.side === side &&
        one.pair === pair,
    );
  }
}

/** Where the results of the present sources are kept. How they are shown changes nothing that was measured. */
export function rawFile(): string {
  return join(root, ".cache", "bench", `${fingerprint()}.jsonl`);
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const folder of ["functions", "lib", "lab", "bench"]) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    for (const file of files.filter(isMeasuring).sort()) {
      hash.update(`${folder}/${file}\n`).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}

function isMeasuring(file: string): boolean {
  return file.endsWith(".ts") && !file.startsWith("report/");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

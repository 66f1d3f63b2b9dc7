import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What decides a seed's outcome: the product, the simulator and all that either imports, tests excepted. */
export const sourceFolders = ["lib", "test/simulator", "test/support", "lab/route53"];

/** The hash of the sources names the ledger. */
export function fingerprint(): string {
  const hash = createHash("sha256");
  for (const folder of sourceFolders) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    for (const file of files.filter(isSource).sort()) {
      hash.update(`${folder}/${file}\n`).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}

function isSource(file: string): boolean {
  return file.endsWith(".ts") && !file.endsWith(".test.ts");
}

/** What a ledger must know of a run; everything else is the run's own. */
export interface Run {
  readonly seed: number;
  readonly violation: unknown;
}

/**
 * The seeds that were run on one state of the sources, a line of JSON each, so that an interrupted run goes on where it
 * stopped. A line that was cut short by the interruption is no record.
 */
export class Ledger<R extends Run> {
  readonly file: string;
  readonly #records = new Map<number, R>();

  constructor(name: string, of: string) {
    this.file = join(root, ".cache", "simulator", `${name}-${of}.jsonl`);
    if (!existsSync(this.file)) return;
    for (const line of readFileSync(this.file, "utf8").split("\n")) {
      const record = parseLine<R>(line);
      if (record !== null) this.#records.set(record.seed, record);
    }
  }

  get records(): readonly R[] {
    return [...this.#records.values()];
  }

  /** A seed that was run and held. One that failed is run again, so that its failure is told again. */
  passed(seed: number): R | null {
    const record = this.#records.get(seed);
    return record === undefined || record.violation !== null ? null : record;
  }

  add(record: R): void {
    mkdirSync(dirname(this.file), { recursive: true });
    // Begins with the line's end: the last run may have died in the middle of a line.
    appendFileSync(this.file, `\n${JSON.stringify(record)}`);
    this.#records.set(record.seed, record);
  }
}

function parseLine<R>(line: string): R | null {
  if (line === "") return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

import type { DnsConfig } from "../core/config.ts";
import type { RecordSet } from "../core/records.ts";
import type { Clock } from "../ports/clock.ts";
import { failure, type Result } from "../ports/errors.ts";

/** Answers that a page which is asked every few seconds need not ask for each time. */

interface Remembered<T> {
  readonly basis: string;
  readonly atMs: number;
  readonly value: T;
}

/** What was read for a key, good for a while and for as long as its basis is the same. Only successes are kept. */
export class Memory<T> {
  readonly #entries = new Map<string, Remembered<T>>();
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #keepMs: number;

  constructor(clock: Pick<Clock, "nowMs">, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  /** undefined: nothing that still counts. */
  find(key: string, basis: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.basis !== basis) return undefined;
    return this.#clock.nowMs() - entry.atMs < this.#keepMs ? entry.value : undefined;
  }

  keep(key: string, basis: string, value: T): void {
    this.#entries.set(key, { basis, atMs: this.#clock.nowMs(), value });
  }
}

type ReadRecords = (dns: DnsConfig, basis: string) => Promise<Result<readonly RecordSet[]>>;

/** How long a record that was right, or was not, is taken to be so while the table knows of no change. */
const recordsKeptMs = 60_000;
/**
 * One reading is three requests, and Route 53 takes five a second from the whole account, the observers' changes among them:
 * a page that many look at must never be why a name moves late.
 */
const recordsGapMs = 1_500;

/** Reads records rarely. Where it is too early for one more, that is the answer: a record that was not asked for is unknown. */
export function readRecordsRarely(
  read: (dns: DnsConfig) => Promise<Result<readonly RecordSet[]>>,
  clock: Pick<Clock, "nowMs">,
): ReadRecords {
  const memory = new Memory<Result<readonly RecordSet[]>>(clock, recordsKeptMs);
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return async (dns, basis) => {
    const known = memory.find(dns.name, basis);
    if (known !== undefined) return known;
    if (clock.nowMs() - askedAtMs < recordsGapMs) {
      return failure(
        "throttled",
        "another name was asked for just now, and the observers go first",
      );
    }
    askedAtMs = clock.nowMs();
    const found = await read(dns);
    if (found.ok) memory.keep(dns.name, basis, found);
    return found;
  };
}

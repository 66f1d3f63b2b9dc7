import type { Lineage } from "../../lib/core/model.ts";

/** A write in the replication stream: the offset at which it ends, and what it carries. */
interface LogEntry {
  readonly end: number;
  readonly value: number | null;
  readonly marker: number | null;
}

/** What a full synchronisation carries: the master as it was at the fork. */
export interface Snapshot extends Lineage {
  readonly log: readonly LogEntry[];
  readonly marker: number | null;
  readonly offset: number;
  readonly beganApart: boolean;
}

const writeBytes = 50;
const pingBytes = 14;

/** What one server holds: its data as the writes that made it, how far it came, and the history that this belongs to. */
export class Stream implements Lineage {
  replid: string;
  /**
   * Whether the data began apart from the group's: from nothing, or as another's. Then the group need not have had what was
   * written since. It goes wherever the data is copied, and ends with a copy of the group's.
   */
  beganApart = false;
  replid2: string | null = null;
  secondOffset = -1;
  offset = 0;
  /** The newest marker in the data set; kept beside the log because it is asked for with every observation. */
  marker: number | null = null;
  /** How often the marker was written, here or by replication: what a WATCH notices, whatever was written. */
  markerWrites = 0;
  #log: LogEntry[] = [];
  #otherKeys = 0;
  /** The first byte of the stream that it can still send; null: it keeps no stream, for it never had a replica. */
  #backlogFrom: number | null = null;
  /** When clients' values went last, because another data set took the place of theirs. */
  readonly #gaveUpAtMs = new Map<number, number>();
  readonly #newId: () => string;
  readonly #now: () => number;

  constructor(newId: () => string, now: () => number) {
    this.#newId = newId;
    this.#now = now;
    this.replid = newId();
  }

  values(upTo = Number.POSITIVE_INFINITY): ReadonlySet<number> {
    const values = new Set<number>();
    for (const { value, end } of this.#log) if (value !== null && end <= upTo) values.add(value);
    return values;
  }

  /** Whether it holds a write that the other one lacks. */
  hasMoreThan(other: Stream): boolean {
    const held = other.values();
    return [...this.values()].some((value) => !held.has(value));
  }

  /** What it holds, and what it held until another data set took the place of that, no longer ago than so. */
  valuesWithin(agoMs: number): ReadonlySet<number> {
    const since = this.#now() - agoMs;
    const gone = [...this.#gaveUpAtMs].flatMap(([value, atMs]) => (atMs > since ? [value] : []));
    return new Set([...gone, ...this.values()]);
  }

  /** Whether it holds a write that the other one lacks, or did no longer ago than that. */
  hadMoreThan(other: Stream, agoMs: number): boolean {
    const held = other.values();
    return [...this.valuesWithin(agoMs)].some((value) => !held.has(value));
  }

  get keys(): number {
    return this.#otherKeys + (this.marker === null ? 0 : 1);
  }

  append(what: { readonly value: number | null; readonly marker: number | null }): void {
    if (this.#backlogFrom !== null) this.offset += writeBytes;
    this.#remember({ end: this.offset, ...what });
  }

  ping(): void {
    this.offset += pingBytes;
  }

  /** Takes over another's stream as far as it was sent: what was written since is still on its way. */
  copy(from: Stream, upTo: number): void {
    const log = from.#log;
    for (let index = indexAfter(log, this.offset); index < log.length; index += 1) {
      const entry = log[index];
      if (entry === undefined || entry.end > upTo) break;
      this.#remember(entry);
    }
    this.offset = upTo;
  }

  #remember(entry: LogEntry): void {
    this.#log.push(entry);
    if (entry.marker === null) {
      this.#otherKeys += 1;
      return;
    }
    this.marker = entry.marker;
    this.markerWrites += 1;
  }

  /** Measured: with its first replica a master begins a stream, and with it a history that has no past. */
  begin(): void {
    if (this.#backlogFrom !== null) return;
    this.#beginHistory();
    this.#keepFromHere();
  }

  /** A replica keeps a stream of its own, in the history that it has. */
  keep(): void {
    if (this.#backlogFrom === null) this.#keepFromHere();
  }

  #keepFromHere(): void {
    this.#backlogFrom = this.offset + 1;
  }

  #beginHistory(): void {
    this.replid = this.#newId();
    this.replid2 = null;
    this.secondOffset = -1;
  }

  /** Goes on under another id, its own or its master's, and stays known by the old one up to here. */
  goOnAs(replid = this.#newId()): void {
    this.replid2 = this.replid;
    this.secondOffset = this.offset + 1;
    this.replid = replid;
  }

  /** Whether a replica can go on from its own offset, without a full synchronisation. */
  canBeContinuedBy(replica: Stream, backlogBytes: number): boolean {
    if (this.#backlogFrom === null || replica.offset + 1 < this.#backlogFrom) return false;
    if (this.offset - replica.offset > backlogBytes) return false;
    if (replica.replid === this.replid) return replica.offset <= this.offset;
    return replica.replid === this.replid2 && replica.offset < this.secondOffset;
  }

  snapshot(): Snapshot {
    const { replid, replid2, secondOffset, offset, marker, beganApart } = this;
    return { log: [...this.#log], marker, replid, replid2, secondOffset, offset, beganApart };
  }

  /** Another data set takes the place of this one, and is nobody's stream yet. */
  install(data: Snapshot): void {
    if (this.marker !== null || data.marker !== null) this.markerWrites += 1;
    this.#takeLog(data.log);
    this.marker = data.marker;
    this.#otherKeys = data.log.filter((entry) => entry.marker === null).length;
    this.replid = data.replid;
    this.replid2 = data.replid2;
    this.secondOffset = data.secondOffset;
    this.offset = data.offset;
    this.beganApart = data.beganApart;
    this.#backlogFrom = null;
  }

  #takeLog(log: readonly LogEntry[]): void {
    const before = this.values();
    this.#log = [...log];
    const held = this.values();
    for (const value of before) if (!held.has(value)) this.#gaveUpAtMs.set(value, this.#now());
  }

  /** A full synchronisation brings the master's data and first id, and the replica keeps the stream from there. */
  installFromMaster(data: Snapshot): void {
    this.install({ ...data, replid2: null, secondOffset: -1 });
    this.#keepFromHere();
  }

  /** What is left of it when a process starts. */
  restore(data: "aof" | "rdb" | "empty", role: "master" | "replica"): void {
    const hasStream = this.#backlogFrom !== null;
    this.#backlogFrom = null;
    this.beganApart ||= data === "empty";
    // An RDB knows the history that it was saved in, and a replica goes on in it.
    if (data === "rdb" && hasStream) {
      this.#keepFromHere();
      if (role === "master") this.goOnAs();
      else {
        this.replid2 = null;
        this.secondOffset = -1;
      }
      return;
    }
    // Measured on Redis 7.0: an AOF restart has all data, a new id, no second id and offset 0.
    this.#beginHistory();
    if (data === "empty") {
      this.#takeLog([]);
      this.marker = null;
      this.#otherKeys = 0;
    }
    this.#log = this.#log.map((entry) => ({ ...entry, end: 0 }));
    this.offset = 0;
  }
}

/** The first entry that ends beyond an offset, by bisection. */
function indexAfter(log: readonly LogEntry[], offset: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log[middle]?.end ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

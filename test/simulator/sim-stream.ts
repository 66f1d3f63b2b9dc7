import type { Lineage } from "../../lib/core/model.ts";
import { indexAfter, type LogEntry } from "./sim-log.ts";

/** What a full synchronisation carries: the master as it was at the fork. */
export interface Snapshot extends Lineage {
  readonly log: readonly LogEntry[];
  readonly marker: number | null;
  readonly offset: number;
  readonly beganApart: boolean;
  readonly predatesMarker: boolean;
}

/** How far a server is, in which history. */
type Place = Lineage & { readonly offset: number };

/** What a server's RDB holds. */
interface Saved {
  readonly data: Snapshot;
  /** Whether it names the history that it was saved in: a master that never had a replica names none. */
  readonly isOfStream: boolean;
}

/** What a server came back without, when it was killed and its RDB was older: everything of these histories beyond an offset. */
interface GivenUp {
  readonly replids: readonly string[];
  readonly beyond: number;
}

/** What is on the disk when a process starts. A killed server has no more than its last RDB (`old-rdb`). */
export type OnDisk = "aof" | "rdb" | "old-rdb" | "empty";

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
  /** Whether the data went on from an RDB older than the group's marker, here or where it was copied from. */
  predatesMarker = false;
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
  /** How far it was in which history when another data set last took the place of its own, and when that was. */
  #before: (Place & { readonly atMs: number }) | null = null;
  #saved: Saved;
  /** null: it has come back with all that it had. */
  #givenUp: GivenUp | null = null;
  readonly #newId: () => string;
  readonly #now: () => number;

  constructor(newId: () => string, now: () => number) {
    this.#newId = newId;
    this.#now = now;
    this.replid = newId();
    this.#saved = { data: this.snapshot(), isOfStream: false };
  }

  /** Whether it came back with less than it had, by an RDB from before. */
  get isOlder(): boolean {
    return this.#givenUp !== null;
  }

  /** Its RDB is written. */
  save(): void {
    this.#saved = { data: this.snapshot(), isOfStream: this.#backlogFrom !== null };
  }

  values(upTo = Number.POSITIVE_INFINITY): ReadonlySet<number> {
    const values = new Set<number>();
    for (const { value, end } of this.#log) if (value !== null && end <= upTo) values.add(value);
    return values;
  }

  /**
   * Whether it holds a write that the other one lacks, or a part of the stream that the other one came back without: whether
   * there were writes in that, no offset tells.
   */
  hasMoreThan(other: Stream): boolean {
    const held = other.values();
    return other.hasGivenUp(this) || [...this.values()].some((value) => !held.has(value));
  }

  /** Whether this is a position in what it came back without, or one to which a promotion has led from there. */
  hasGivenUp({ replid, replid2, secondOffset, offset }: Place): boolean {
    if (this.#givenUp === null) return false;
    const { replids, beyond } = this.#givenUp;
    if (replids.includes(replid)) return offset > beyond;
    return replid2 !== null && replids.includes(replid2) && secondOffset - 1 > beyond;
  }

  /** What it holds, and what it held until another data set took the place of that, no longer ago than so. */
  valuesWithin(agoMs: number): ReadonlySet<number> {
    const since = this.#now() - agoMs;
    const gone = [...this.#gaveUpAtMs].flatMap(([value, atMs]) => (atMs > since ? [value] : []));
    return new Set([...gone, ...this.values()]);
  }

  /** Whether it has more than the other one, or had no longer ago than that. */
  hadMoreThan(other: Stream, agoMs: number): boolean {
    const before = this.#before;
    if (other.hasGivenUp(this)) return true;
    if (before !== null && before.atMs > this.#now() - agoMs && other.hasGivenUp(before))
      return true;
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

  /**
   * Measured: with its first replica a master begins a stream, and with it a history that has no past. It synchronises by its
   * own disk (`repl-diskless-sync no`, the default before 7.0), so that everything is saved when a group begins.
   */
  begin(): void {
    if (this.#backlogFrom !== null) return;
    this.#beginHistory();
    this.#keepFromHere();
    this.save();
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
    const { replid, replid2, secondOffset, offset, marker, beganApart, predatesMarker } = this;
    const lineage = { replid, replid2, secondOffset };
    return { ...lineage, log: [...this.#log], marker, offset, beganApart, predatesMarker };
  }

  /** Another data set takes the place of this one, and is nobody's stream yet. */
  install(data: Snapshot): void {
    this.#take(data);
    this.#givenUp = null;
    this.save();
  }

  #take(data: Snapshot): void {
    this.#rememberPlace();
    if (this.marker !== null || data.marker !== null) this.markerWrites += 1;
    this.#takeLog(data.log);
    this.marker = data.marker;
    this.#otherKeys = data.log.filter((entry) => entry.marker === null).length;
    this.replid = data.replid;
    this.replid2 = data.replid2;
    this.secondOffset = data.secondOffset;
    this.offset = data.offset;
    this.beganApart = data.beganApart;
    this.predatesMarker = data.predatesMarker;
    this.#backlogFrom = null;
  }

  #rememberPlace(): void {
    const { replid, replid2, secondOffset, offset } = this;
    this.#before = { replid, replid2, secondOffset, offset, atMs: this.#now() };
  }

  #takeLog(log: readonly LogEntry[]): void {
    const before = this.values();
    this.#log = [...log];
    const held = this.values();
    for (const value of before) if (!held.has(value)) this.#gaveUpAtMs.set(value, this.#now());
  }

  /**
   * A full synchronisation brings the master's data and first id, as the RDB that the replica has from then on, and the
   * replica keeps the stream from there.
   */
  installFromMaster(data: Snapshot): void {
    this.install({ ...data, replid2: null, secondOffset: -1 });
    this.#keepFromHere();
    this.save();
  }

  /** What is left of it when a process starts. */
  restore(data: OnDisk, role: "master" | "replica"): void {
    const isOfStream = data === "old-rdb" ? this.#takeSaved(role) : this.#backlogFrom !== null;
    this.#backlogFrom = null;
    if (data !== "old-rdb") {
      this.beganApart ||= data === "empty";
      this.#givenUp = null;
    }
    // An RDB knows the history that it was saved in, and a replica goes on in it.
    if ((data === "rdb" || data === "old-rdb") && isOfStream) this.#goOnFromDisk(role);
    else this.#beginAgain(data === "empty");
    // Stopped in an orderly way it has saved all; and what has an AOF never reads an older RDB.
    if (data !== "old-rdb") this.save();
  }

  /** Measured on Redis 7.0: everything is as it was when it was saved, and the writes since are gone. */
  #takeSaved(role: "master" | "replica"): boolean {
    const { replid, replid2, offset } = this;
    const { data, isOfStream } = this.#saved;
    const earlier = this.#givenUp?.replids ?? [];
    const known = [replid, data.replid, ...earlier, ...(replid2 === null ? [] : [replid2])];
    // A replica gets the rest from its master.
    const isLess = role === "master" && (offset > data.offset || this.#givenUp !== null);
    const wasMarked = this.marker !== null || this.predatesMarker;
    this.#take(data);
    this.predatesMarker = wasMarked && data.marker === null;
    this.#givenUp = isLess && isOfStream ? { replids: known, beyond: data.offset } : null;
    return isOfStream;
  }

  #goOnFromDisk(role: "master" | "replica"): void {
    this.#keepFromHere();
    if (role === "master") this.goOnAs();
    else {
      this.replid2 = null;
      this.secondOffset = -1;
    }
  }

  /** Measured on Redis 7.0: an AOF restart has all data, a new id, no second id and offset 0. */
  #beginAgain(isEmpty: boolean): void {
    this.#rememberPlace();
    this.#beginHistory();
    if (isEmpty) {
      this.#takeLog([]);
      this.marker = null;
      this.#otherKeys = 0;
    }
    this.#log = this.#log.map((entry) => ({ ...entry, end: 0 }));
    this.offset = 0;
  }
}

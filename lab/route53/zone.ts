import { judgeBatch, type Snapshot } from "./batch-rules.ts";
import { compareNames, readName } from "./names.ts";
import type { Change, RecordSet, RecordType } from "./record-set.ts";

/** What became of a batch. A refused one changed nothing. */
export type BatchOutcome =
  | { readonly kind: "applied" }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** One hosted zone: what the API sees at once, and what DNS shows after a delay. */
export interface Zone {
  /** Normalised, with the trailing dot. */
  readonly name: string;
  /** The newest record sets, pending ones included, in the order of ListResourceRecordSets. */
  recordSets(): readonly RecordSet[];
  /** The newest record set of this name (any spelling) and type. */
  find(name: string, type: RecordType): RecordSet | undefined;
  /**
   * Applies all changes or none. The API side sees them at once; DNS from `visibleAtMs` on, an
   * instant of the clock that is later handed to `visibleSnapshot`, or at once when left out.
   */
  applyBatch(changes: readonly Change[], visibleAtMs?: number): BatchOutcome;
  /** The record sets DNS answers from at this instant. */
  visibleSnapshot(nowMs: number): Snapshot;
}

interface Version {
  readonly visibleAtMs: number;
  readonly snapshot: Snapshot;
}

/** Versions kept for DNS. Beyond it the oldest waiting one is skipped, as a slow resolver would. */
const waitingVersionsMax = 1000;

/** What Route 53 puts into a new zone; the names are of a zone that cannot exist. */
const apexServers = ["ns-1.route53.invalid.", "ns-2.route53.invalid."];
const apexSoa = "ns-1.route53.invalid. hostmaster.route53.invalid. 1 7200 900 1209600 86400";

/**
 * Creates a zone that holds its SOA and NS records only.
 *
 * @throws Error when the name is not a domain name.
 */
export function createZone(zoneName: string): Zone {
  const reading = readName(zoneName);
  if (reading.kind === "invalid") {
    throw new Error(`expected a domain name for the zone: ${reading.problem}`);
  }
  const name = reading.name;
  let newest = apexSnapshot(name);
  let versions: readonly Version[] = [{ visibleAtMs: Number.NEGATIVE_INFINITY, snapshot: newest }];

  return {
    name,
    recordSets: () => orderedSets(newest),
    find(setName, type) {
      const setReading = readName(setName);
      if (setReading.kind === "invalid") return undefined;
      const stored = newest.get(setReading.name)?.get(type);
      return stored === undefined ? undefined : withoutRdata(stored);
    },
    applyBatch(changes, visibleAtMs = Number.NEGATIVE_INFINITY) {
      const verdict = judgeBatch(name, newest, changes);
      if (verdict.kind === "refused") return verdict;
      newest = verdict.snapshot;
      versions = withVersion(versions, { visibleAtMs, snapshot: newest });
      return { kind: "applied" };
    },
    visibleSnapshot(nowMs) {
      const index = versions.findLastIndex((version) => version.visibleAtMs <= nowMs);
      // What a visible version replaced never comes back, so it need not be kept.
      if (index > 0) versions = versions.slice(index);
      const visible = versions[0];
      if (visible === undefined) throw new Error("expected at least one version, got none");
      return visible.snapshot;
    },
  };
}

function withVersion(versions: readonly Version[], added: Version): readonly Version[] {
  const [visible, ...waiting] = versions;
  const kept = waiting.length < waitingVersionsMax ? waiting : waiting.slice(1);
  return visible === undefined ? [added] : [visible, ...kept, added];
}

function apexSnapshot(name: string): Snapshot {
  const verdict = judgeBatch(name, new Map(), [
    { action: "CREATE", recordSet: { name, type: "NS", ttlSeconds: 172_800, values: apexServers } },
    { action: "CREATE", recordSet: { name, type: "SOA", ttlSeconds: 900, values: [apexSoa] } },
  ]);
  if (verdict.kind === "refused") {
    throw new Error(`expected a zone with SOA and NS, got ${verdict.problems.join(", ")}`);
  }
  return verdict.snapshot;
}

/** Each page of a large zone is asked for by itself, and to sort all of its names anew took longer than the answer. */
const orderedOnce = new WeakMap<Snapshot, readonly RecordSet[]>();

function orderedSets(snapshot: Snapshot): readonly RecordSet[] {
  const known = orderedOnce.get(snapshot);
  if (known !== undefined) return known;
  const sets = [...snapshot.values()].flatMap((byType) => [...byType.values()]);
  const ordered = sets.sort(compareRecordSets).map(withoutRdata);
  orderedOnce.set(snapshot, ordered);
  return ordered;
}

function withoutRdata({ name, type, ttlSeconds, values }: RecordSet): RecordSet {
  return { name, type, ttlSeconds, values };
}

/** The order of ListResourceRecordSets: by name with reversed labels, then by type. */
export function compareRecordSets(
  left: Pick<RecordSet, "name" | "type">,
  right: Pick<RecordSet, "name" | "type">,
): number {
  const byName = compareNames(left.name, right.name);
  if (byName !== 0) return byName;
  if (left.type === right.type) return 0;
  return left.type < right.type ? -1 : 1;
}

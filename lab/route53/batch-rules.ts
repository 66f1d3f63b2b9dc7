import { assertNever } from "./assert-never.ts";
import { isWithin, readName } from "./names.ts";
import { type Change, isTtlSeconds, type RecordSet, type RecordType } from "./record-set.ts";
import { type Rdata, readValue } from "./values.ts";

/** A record set as a zone keeps it: name normalised, values checked. */
export interface StoredRecordSet extends RecordSet {
  readonly rdata: readonly Rdata[];
}

/** All record sets of a zone at one moment: by name, then by type. Never changed in place. */
export type Snapshot = ReadonlyMap<string, ReadonlyMap<RecordType, StoredRecordSet>>;

/** What a batch comes to: the zone after all of its changes, or every reason against it. */
export type BatchVerdict =
  | { readonly kind: "accepted"; readonly snapshot: Snapshot }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** Route 53 API reference, ChangeResourceRecordSets limits: an UPSERT counts twice in both. */
const batchRecordsMax = 1000;
const batchValueCharactersMax = 32_000;

/**
 * Judges a batch against the current record sets, change by change in the order given. A change
 * that is refused leaves its record set as it was for those after it, which is why a stale
 * DELETE followed by a CREATE of the same name yields two reasons.
 */
export function judgeBatch(
  zoneName: string,
  current: Snapshot,
  changes: readonly Change[],
): BatchVerdict {
  const limitProblems = judgeSize(changes);
  if (limitProblems.length > 0) return { kind: "refused", problems: limitProblems };
  let snapshot = current;
  const problems: string[] = [];
  const seen = new Map<string, string>();
  for (const change of changes) {
    const found = judgeChange(zoneName, snapshot, change, seen);
    if (found.kind === "accepted") snapshot = found.snapshot;
    else problems.push(...found.problems);
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "accepted", snapshot };
}

function judgeSize(changes: readonly Change[]): string[] {
  let records = 0;
  let characters = 0;
  for (const { action, recordSet } of changes) {
    const weight = action === "UPSERT" ? 2 : 1;
    records += weight * recordSet.values.length;
    for (const value of recordSet.values) characters += weight * value.length;
  }
  const problems: string[] = [];
  if (changes.length === 0) problems.push("The request contains no changes");
  if (records > batchRecordsMax) {
    problems.push(`Number of records limit of ${batchRecordsMax} exceeded, got ${records}`);
  }
  if (characters > batchValueCharactersMax) {
    problems.push(
      `Number of value characters limit of ${batchValueCharactersMax} exceeded, got ${characters}`,
    );
  }
  return problems;
}

function judgeChange(
  zoneName: string,
  snapshot: Snapshot,
  { action, recordSet }: Change,
  seen: Map<string, string>,
): BatchVerdict {
  const reading = readName(recordSet.name);
  if (reading.kind === "invalid") return refuse(reading.problem);
  const named = { ...recordSet, name: reading.name };
  if (!isWithin(named.name, zoneName)) {
    return refuse(`RRSet with DNS name ${named.name} is not permitted in zone ${zoneName}`);
  }
  const key = `${named.type} ${named.name}`;
  const earlier = seen.get(key);
  seen.set(key, action);
  // Replacing a record set takes a DELETE and then a CREATE; any other pair of changes to one
  // record set has no defined order in the real service, which refuses it.
  if (earlier !== undefined && !(earlier === "DELETE" && action === "CREATE")) {
    return refuse(
      `The request contains an invalid set of changes for a resource record set '${key}'`,
    );
  }
  switch (action) {
    case "DELETE":
      return judgeDelete(zoneName, snapshot, named);
    case "CREATE":
      return judgeCreate(zoneName, snapshot, named);
    case "UPSERT":
      return judgePut(zoneName, snapshot, named);
    default:
      return assertNever(action);
  }
}

function judgeDelete(zoneName: string, snapshot: Snapshot, named: RecordSet): BatchVerdict {
  const tried = `Tried to delete resource record set ${describe(named)}`;
  const stored = snapshot.get(named.name)?.get(named.type);
  if (stored === undefined) return refuse(`${tried} but it was not found`);
  if (stored.ttlSeconds !== named.ttlSeconds || !hasSameValues(stored.values, named.values)) {
    return refuse(`${tried} but the values provided do not match the current values`);
  }
  if (named.name === zoneName && named.type === "SOA") {
    return refuse("A HostedZone must contain exactly one SOA record.");
  }
  if (named.name === zoneName && named.type === "NS") {
    return refuse("A HostedZone must contain at least one NS record for the zone itself.");
  }
  return accept(without(snapshot, named));
}

function judgeCreate(zoneName: string, snapshot: Snapshot, named: RecordSet): BatchVerdict {
  if (snapshot.get(named.name)?.has(named.type)) {
    return refuse(`Tried to create resource record set ${describe(named)} but it already exists`);
  }
  return judgePut(zoneName, snapshot, named);
}

function judgePut(zoneName: string, snapshot: Snapshot, named: RecordSet): BatchVerdict {
  const problems = [...judgePlace(zoneName, snapshot, named)];
  if (!isTtlSeconds(named.ttlSeconds)) {
    problems.push(`Expected a TTL from 0 to 2147483647 seconds, got ${named.ttlSeconds}`);
  }
  if (named.values.length === 0) {
    problems.push(`Expected at least one value for resource record set ${describe(named)}, got 0`);
  }
  const isSingle = named.type === "CNAME" || named.type === "SOA";
  if (isSingle && named.values.length > 1) {
    problems.push(
      `RRSet of type ${named.type} with DNS name ${named.name} is permitted one value, ` +
        `got ${named.values.length}`,
    );
  }
  for (const value of new Set(named.values)) {
    if (named.values.filter((other) => other === value).length > 1) {
      problems.push(`Duplicate Resource Record: '${value}'`);
    }
  }
  const rdata: Rdata[] = [];
  for (const value of named.values) {
    const reading = readValue(named.type, value);
    if (reading.kind === "rdata") rdata.push(reading.rdata);
    else problems.push(`Invalid Resource Record: '${reading.problem}'`);
  }
  if (problems.length > 0) return { kind: "refused", problems };
  return accept(withSet(snapshot, { ...named, values: [...named.values], rdata }));
}

/** Which record sets may stand where: apex rules, and that a CNAME stands alone. */
function judgePlace(zoneName: string, snapshot: Snapshot, named: RecordSet): string[] {
  const { name, type } = named;
  const isApex = name === zoneName;
  const subject = `RRSet of type ${type} with DNS name ${name} is not permitted`;
  if (type === "CNAME" && isApex) return [`${subject} at apex in zone ${zoneName}`];
  if (type === "SOA" && !isApex) return [`${subject} below apex in zone ${zoneName}`];
  if (type === "NS" && !isApex) {
    // Serving a delegation would need referrals; better refused than answered wrongly.
    return [`${subject} below apex in zone ${zoneName}: the stand-in has no delegations`];
  }
  const neighbours = [...(snapshot.get(name)?.keys() ?? [])].filter((other) => other !== type);
  if (type === "CNAME" && neighbours.length > 0) {
    return [
      `${subject} as it conflicts with other records with the same DNS name in zone ${zoneName}`,
    ];
  }
  if (neighbours.includes("CNAME")) {
    return [
      `${subject} because a conflicting RRSet of type CNAME with the same DNS name ` +
        `already exists in zone ${zoneName}`,
    ];
  }
  return [];
}

function withSet(snapshot: Snapshot, recordSet: StoredRecordSet): Snapshot {
  const sets = new Map(snapshot.get(recordSet.name));
  sets.set(recordSet.type, recordSet);
  return new Map(snapshot).set(recordSet.name, sets);
}

function without(snapshot: Snapshot, { name, type }: RecordSet): Snapshot {
  const sets = new Map(snapshot.get(name));
  sets.delete(type);
  const next = new Map(snapshot);
  if (sets.size > 0) next.set(name, sets);
  else next.delete(name);
  return next;
}

function hasSameValues(left: readonly string[], right: readonly string[]): boolean {
  const sortedRight = [...right].sort();
  return (
    left.length === right.length &&
    [...left].sort().every((value, index) => value === sortedRight[index])
  );
}

function describe({ name, type }: RecordSet): string {
  return `[name='${name}', type='${type}']`;
}

function refuse(problem: string): BatchVerdict {
  return { kind: "refused", problems: [problem] };
}

function accept(snapshot: Snapshot): BatchVerdict {
  return { kind: "accepted", snapshot };
}

import type { Answer } from "dns-packet";
import { assertNever } from "./assert-never.ts";
import type { Snapshot, StoredRecordSet } from "./batch-rules.ts";
import { isWithin, nameFromWire, nameToWire } from "./names.ts";
import type { Rdata } from "./values.ts";

/** A zone as DNS shows it at one moment. The name is normalised. */
export interface ServedZone {
  readonly name: string;
  readonly snapshot: Snapshot;
}

/** A question by its wire name and the mnemonics of type and class. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  readonly recordClass: string;
}

/** What to say to a question, before it is put into a message. */
export interface DnsVerdict {
  readonly rcode: "NOERROR" | "FORMERR" | "NXDOMAIN" | "REFUSED";
  readonly isAuthoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
}

/** A CNAME chain is followed this far and then answered as it stands. */
const aliasesMax = 8;

/**
 * Answers one question from the zones: RFC 1034 section 4.3.2 without wildcards and delegations.
 * A name that exists without the type, or only has names below it, is NODATA (RFC 8020).
 */
export function answerQuestion(question: DnsQuestion, zones: readonly ServedZone[]): DnsVerdict {
  const name = nameFromWire(question.name);
  if (name === undefined) return bare("FORMERR");
  const zone = closestZone(name, zones);
  const isTransfer = question.type === "AXFR" || question.type === "IXFR";
  if (zone === undefined || isTransfer || question.recordClass !== "IN") return bare("REFUSED");
  return walk({ ...question, name }, question.name, zone, zones);
}

/** Collects the answer along the aliases that start at the name of the question. */
function walk(
  { name, type }: DnsQuestion,
  spelling: string,
  zone: ServedZone,
  zones: readonly ServedZone[],
): DnsVerdict {
  const answers: Answer[] = [];
  const visited = new Set<string>();
  let current = name;
  while (visited.size <= aliasesMax && !visited.has(current)) {
    visited.add(current);
    // The first name is repeated in the asker's spelling, which some resolvers compare.
    const owner = current === name ? spelling : nameToWire(current);
    const sets = zone.snapshot.get(current);
    const matching = [...(sets?.values() ?? [])].filter(
      (set) => set.type === type || type === "ANY",
    );
    answers.push(...matching.flatMap((set) => toAnswers(set, owner)));
    if (matching.length > 0) return found(answers);
    const alias = sets?.get("CNAME");
    if (alias === undefined) {
      const rcode = sets !== undefined || hasNamesBelow(zone, current) ? "NOERROR" : "NXDOMAIN";
      return { rcode, isAuthoritative: true, answers, authorities: negativeSoa(zone) };
    }
    answers.push(...toAnswers(alias, owner));
    const target = aliasTarget(alias);
    // Another zone's data is for its own servers to give.
    if (target === undefined || closestZone(target, zones) !== zone) return found(answers);
    current = target;
  }
  return found(answers);
}

function closestZone(name: string, zones: readonly ServedZone[]): ServedZone | undefined {
  let closest: ServedZone | undefined;
  for (const zone of zones) {
    const isCloser = closest === undefined || zone.name.length > closest.name.length;
    if (isWithin(name, zone.name) && isCloser) closest = zone;
  }
  return closest;
}

function hasNamesBelow(zone: ServedZone, name: string): boolean {
  return [...zone.snapshot.keys()].some((other) => other.endsWith(`.${name}`));
}

function aliasTarget(alias: StoredRecordSet): string | undefined {
  const [rdata] = alias.rdata;
  return rdata?.type === "CNAME" ? rdata.target : undefined;
}

/** The SOA that says how long "no" may be remembered: RFC 2308 section 3. */
function negativeSoa(zone: ServedZone): Answer[] {
  const soa = zone.snapshot.get(zone.name)?.get("SOA");
  const [rdata] = soa?.rdata ?? [];
  if (soa === undefined || rdata?.type !== "SOA") return [];
  const ttlSeconds = Math.min(soa.ttlSeconds, rdata.minimumSeconds);
  return toAnswers({ ...soa, ttlSeconds }, nameToWire(zone.name));
}

function toAnswers({ rdata, ttlSeconds }: StoredRecordSet, owner: string): Answer[] {
  return rdata.map((item) => toAnswer(item, owner, ttlSeconds));
}

function toAnswer(rdata: Rdata, name: string, ttl: number): Answer {
  switch (rdata.type) {
    case "A":
    case "AAAA":
      return { name, ttl, type: rdata.type, data: rdata.address };
    case "CNAME":
    case "NS":
      return { name, ttl, type: rdata.type, data: nameToWire(rdata.target) };
    case "TXT":
      return { name, ttl, type: "TXT", data: [...rdata.strings] };
    case "SRV": {
      const { priority, weight, port, target } = rdata;
      return {
        name,
        ttl,
        type: "SRV",
        data: { priority, weight, port, target: nameToWire(target) },
      };
    }
    case "SOA":
      return {
        name,
        ttl,
        type: "SOA",
        data: {
          mname: nameToWire(rdata.primary),
          rname: nameToWire(rdata.mailbox),
          serial: rdata.serial,
          refresh: rdata.refreshSeconds,
          retry: rdata.retrySeconds,
          expire: rdata.expireSeconds,
          minimum: rdata.minimumSeconds,
        },
      };
    default:
      return assertNever(rdata);
  }
}

function found(answers: readonly Answer[]): DnsVerdict {
  return { rcode: "NOERROR", isAuthoritative: true, answers, authorities: [] };
}

function bare(rcode: "FORMERR" | "REFUSED"): DnsVerdict {
  return { rcode, isAuthoritative: false, answers: [], authorities: [] };
}

import type { DnsConfig } from "../../core/config.ts";
import { normalizeName, type RecordSet } from "../../core/records.ts";
import type { Resolution } from "../../ports/dns.ts";
import type { Result } from "../../ports/errors.ts";
import type { RecordStatus } from "../../status/report.ts";
import type { GroupFacts } from "./facts.ts";
import { type Finding, finder, type Kinds } from "./finding.ts";

/** The name that clients follow: the record, its zone, and what DNS answers where this command runs. */

export const nameKinds = {
  "no-name": {
    severity: "note",
    title: "it publishes no name, so clients must learn of a new master elsewhere",
    todo: "add `dns` to the group, or let applications read the state or the notifications",
    see: "docs/clients.md",
  },
  "record-differs": {
    severity: "error",
    title: "the record is not as the table wants it",
    todo: "if it stays so for a minute, see the observers' log: a record that somebody else wrote is left alone until it is gone",
    see: "docs/limits.md#bootstrap",
  },
  "record-unasked": {
    severity: "note",
    title: "Route 53 did not say what the record is",
    todo: "see this machine's credentials: the operators' policy allows to read the zone",
    see: "docs/deploying.md#deploy",
  },
  "zone-missing": {
    severity: "error",
    title: "there is no hosted zone of this id, so no failover moves the name",
    todo: "correct `dns.zoneId` and apply the file",
    see: "docs/settings.md",
  },
  "zone-unasked": {
    severity: "note",
    title: "Route 53 did not say what the zone is called",
    todo: "see this machine's credentials: the operators' policy allows to read the zone",
    see: "docs/deploying.md#deploy",
  },
  "outside-zone": {
    severity: "error",
    title: "the name does not lie in its zone, so it can't be published",
    todo: "correct `dns.name` or `dns.zoneId` and apply the file",
    see: "docs/settings.md",
  },
  "long-ttl": {
    severity: "warning",
    title: "clients may keep an old answer for more than a minute after a failover",
    todo: "set `dns.ttl` to 5",
    see: "docs/clients.md",
  },
  "answer-differs": {
    severity: "warning",
    title: "DNS answers this machine something else than the table wants",
    todo: "ask again after the TTL; then look for a resolver or a hosts file that keeps old answers",
    see: "docs/clients.md#when-a-cache-of-names-cant-be-controlled",
  },
  "no-answer": {
    severity: "note",
    title: "DNS knows no such name on this machine",
    todo: "nothing, if the zone is private and this machine is outside; else see the delegation of the zone",
    see: "docs/clients.md",
  },
  "dns-unasked": {
    severity: "note",
    title: "no DNS server answered this machine",
    todo: "see its network; observers ask resolvers of their own once a shift (rule R750)",
    see: "docs/rules.md",
  },
} as const satisfies Kinds;

const found = finder(nameKinds);

export function examineName(facts: GroupFacts): readonly Finding[] {
  const { dns } = facts.config;
  const { record, state } = facts.status;
  if (dns === undefined) return [found("no-name", null, "the file has no `dns`")];
  return [
    ...examineZone(dns, facts.zone),
    ...examineTtl(dns),
    ...(state?.master == null || record === null
      ? []
      : [...examineRecord(record), ...examineAnswer(record, facts.answer)]),
  ];
}

function examineZone(dns: DnsConfig, zone: Result<string> | null): readonly Finding[] {
  if (zone === null) return [];
  if (!zone.ok) {
    const id = zone.kind === "refused" ? "zone-missing" : "zone-unasked";
    return [found(id, dns.zoneId, zone.why)];
  }
  const name = normalizeName(zone.value);
  if (dns.name === name || dns.name.endsWith(`.${name}`)) return [];
  return [found("outside-zone", dns.name, `zone ${dns.zoneId} is ${name}`)];
}

const ttlMaxSeconds = 60;

function examineTtl({ name, ttlSeconds }: DnsConfig): readonly Finding[] {
  return ttlSeconds > ttlMaxSeconds ? [found("long-ttl", name, `its TTL is ${ttlSeconds} s`)] : [];
}

function examineRecord({ name, status, why }: RecordStatus): readonly Finding[] {
  if (status === "differs") return [found("record-differs", name, why)];
  return status === "unknown" ? [found("record-unasked", name, why)] : [];
}

function examineAnswer(
  { name, wanted }: RecordStatus,
  answer: Result<Resolution> | null,
): readonly Finding[] {
  if (answer === null) return [];
  if (!answer.ok) return [found("dns-unasked", name, answer.why)];
  const { addresses, alias } = answer.value;
  const got = [...addresses, ...(alias === null ? [] : [alias])];
  if (got.length === 0) return [found("no-answer", name, "no address and no alias")];
  const want = wanted.find((one) => one.name === name);
  if (want === undefined || isAnswered(want, answer.value)) return [];
  const evidence = `expected ${want.values.join(", ")}, got ${got.join(", ")}; the TTL is ${want.ttlSeconds} s`;
  return [found("answer-differs", name, evidence)];
}

function isAnswered({ type, values }: RecordSet, { addresses, alias }: Resolution): boolean {
  if (type === "CNAME") return values.some((value) => normalizeName(value) === alias);
  return values.every((value) => addresses.includes(value));
}

import { formatAddress } from "../core/config.ts";
import { isDnsName, kindOfHost } from "./address.ts";
import type { ReadDns, ReadGroup, ReadNode, ReadSettings } from "./draft.ts";
import { checkPlacement } from "./placement-checks.ts";
import { type Finding, formatPath, type Path, problemAt, quote, warningAt } from "./problems.ts";
import { timingRules } from "./timing-rules.ts";

/** What must hold within one group and no single field can tell. */
export function checkGroup(group: ReadGroup, observers: number | null): readonly Finding[] {
  return [
    ...checkTimings(group.settings, group.path),
    ...checkQuorum(group.settings, group.path, observers),
    ...checkDuplicates(group.nodes),
    ...checkReplicas(group),
    ...checkPlacement(group),
    ...(group.dns === null ? [] : checkRecord(group, group.dns)),
  ];
}

function checkTimings(settings: ReadSettings, path: Path): readonly Finding[] {
  const { values, given, broken } = settings;
  const judged = { ...values, quorum: values.quorum ?? 1 };
  return timingRules
    .filter((rule) => !rule.compares.some((name) => broken.has(name)) && !rule.holds(judged))
    .map((rule) => {
      const got = rule.compares.map(
        (name) => `${name} ${judged[name]}${given.has(name) ? "" : " (the default)"}`,
      );
      const place = rule.compares.find((name) => given.has(name));
      const message = `expected ${rule.text}, got ${got.join(", ")}: ${rule.why}`;
      return problemAt(place === undefined ? path : [...path, place], message);
    });
}

function checkQuorum(
  settings: ReadSettings,
  path: Path,
  observers: number | null,
): readonly Finding[] {
  const { quorum } = settings.values;
  if (quorum === null || observers === null) return [];
  const place = [...path, "quorum"];
  if (quorum > observers) {
    const message = `expected at most ${observers}, the number of observers, got ${quorum}: that many votes could never come together`;
    return [problemAt(place, message)];
  }
  const majority = majorityOf(observers);
  if (quorum >= majority) return [];
  const message = `expected at least ${majority}, a majority of the ${observers} observers, got ${quorum}: ${majority} is used, or two halves could both win`;
  return [warningAt(place, message)];
}

/** The fewest votes that two disjoint sets of observers can't both have. */
export function majorityOf(observers: number): number {
  return Math.floor(observers / 2) + 1;
}

/** Name and each of the three kinds of address tell the nodes apart, so no two nodes may share one. */
function checkDuplicates(nodes: readonly ReadNode[]): readonly Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, Path>();
  for (const node of nodes) {
    const { id, probe, replicate, publish } = node.config;
    const keys = new Set([
      `node ${formatAddress(probe)}`,
      `node ${formatAddress(replicate)}`,
      `published address ${formatAddress(publish)}`,
      `name ${id}`,
    ]);
    const repeated = [...keys].find((key) => seen.has(key));
    if (repeated === undefined) {
      for (const key of keys) seen.set(key, node.path);
    } else {
      const message = `expected each node of a group once, got the ${repeated} again, first at ${formatPath(seen.get(repeated) ?? [])}`;
      findings.push(problemAt(node.path, message));
    }
  }
  return findings;
}

function checkReplicas(group: ReadGroup): readonly Finding[] {
  if (group.listedNodes !== 1) return [];
  const message =
    "expected a master and at least one replica, got one node: there is nothing to promote when it dies";
  return [warningAt([...group.path, "nodes"], message)];
}

/** Longest name that still leaves room for the companion `_lambda-sentinel.`. */
const recordLengthMax = 236;
const slowTtlSeconds = 60;

function checkRecord(group: ReadGroup, dns: ReadDns): readonly Finding[] {
  return [
    ...checkRecordName(dns.name, [...group.path, "dns", "name"]),
    ...checkReplicasName(group, dns),
    ...checkTtl(dns, [...group.path, "dns", "ttl"]),
    ...checkPublishedPorts(group, dns),
    ...checkPublishedKinds(group),
  ];
}

function checkRecordName(name: string | null, path: Path): readonly Finding[] {
  if (name === null) return [];
  if (isDnsName(name, recordLengthMax) && name.includes(".")) return [];
  const message = `expected a DNS name of two or more labels and at most ${recordLengthMax} characters (letters, digits, hyphens and dots), got ${quote(name)}`;
  return [problemAt(path, message)];
}

/** A name with several answers: a CNAME can't have them, and the companions and SRV are no names of hosts. */
function checkReplicasName(group: ReadGroup, dns: ReadDns): readonly Finding[] {
  if (dns.replicas === null) return [];
  const path = [...group.path, "dns", "replicas"];
  if (dns.replicas === dns.name) {
    const message = `expected another name than dns.name, got ${quote(dns.replicas)} for both: one name can't answer the master alone and its replicas too`;
    return [problemAt(path, message)];
  }
  const named = group.nodes.find((node) => kindOfHost(node.config.publish.host) === "host name");
  if (named === undefined) return checkRecordName(dns.replicas, path);
  const message = `expected an IP address to publish, as dns.replicas needs, got ${quote(named.config.publish.host)}, a host name: only A and AAAA records hold several answers; publish addresses or remove dns.replicas`;
  return [...checkRecordName(dns.replicas, path), problemAt(named.publishPath, message)];
}

function checkTtl(dns: ReadDns, path: Path): readonly Finding[] {
  if (dns.ttlSeconds === null || dns.ttlSeconds <= slowTtlSeconds) return [];
  const message = `expected a TTL of ${slowTtlSeconds} s or less, got ${dns.ttlSeconds}: clients may look for the old master that long after a failover`;
  return [warningAt(path, message)];
}

function checkPublishedPorts(group: ReadGroup, dns: ReadDns): readonly Finding[] {
  const [first] = group.nodes;
  const isListed = dns.replicas !== null;
  if (first === undefined || (dns.srv !== false && !isListed)) return [];
  const { port } = first.config.publish;
  const other = group.nodes.find((node) => node.config.publish.port !== port);
  if (other === undefined) return [];
  const remedy = isListed ? "remove dns.replicas, which has no SRV" : "set dns.srv to true";
  const message = `expected port ${port}, as ${first.config.id} has, got ${other.config.publish.port}: an address record carries no port; use one port for all nodes or ${remedy}`;
  return [problemAt(other.publishPath, message)];
}

function checkPublishedKinds(group: ReadGroup): readonly Finding[] {
  const [first] = group.nodes;
  if (first === undefined) return [];
  const kind = kindOfHost(first.config.publish.host);
  const other = group.nodes.find((node) => kindOfHost(node.config.publish.host) !== kind);
  if (other === undefined) return [];
  const message = `expected ${article(kind)}, as ${first.config.id} publishes, got ${quote(other.config.publish.host)}, ${article(kindOfHost(other.config.publish.host))}: a failover would change the record's type, which clients of one family can't follow`;
  return [problemAt(other.publishPath, message)];
}

function article(kind: string): string {
  return kind === "host name" ? "a host name" : `an ${kind}`;
}

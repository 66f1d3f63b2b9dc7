import type { DnsConfig } from "../core/config.ts";
import { companionName, normalizeName, type RecordSet, srvName } from "../core/records.ts";
import type { Clock } from "../ports/clock.ts";
import { type Result, success } from "../ports/errors.ts";
import type { Pacer } from "./route53-pacer.ts";

/** A part of a zone, in the zone's order. */
export interface Page {
  readonly sets: readonly RecordSet[];
  /** The name from which on the page says nothing; null: the zone ended. */
  readonly nextName: string | null;
}

/** Lists a zone from this name on, up to so many record sets. */
export type List = (zoneId: string, from: string, setsMax: number) => Promise<Result<Page>>;

/** Tells everything at the group's names. Never rejects. */
export type Read = (dns: DnsConfig) => Promise<Result<readonly RecordSet[]>>;

interface Waiting {
  /** The names that no page has told of yet, in the zone's order. */
  open: readonly string[];
  found: readonly RecordSet[];
  readonly settle: (result: Result<readonly RecordSet[]>) => void;
}

/** Route 53's longest page. */
const setsPerPageMax = 300;
const setsPerPageMin = 20;
/** Names have one set each, and neighbours that are not ours. */
const setsPerName = 2;
/** Groups that lose their masters in one moment miss them within so long of each other. */
const gatherMs = 20;

/**
 * Readings ahead of need begin together, so that the first of many groups does not ask for a page that tells of itself
 * alone: the pacer has few requests in a second. What a publication waits for is not held up.
 */
export function gathered(read: Read, clock: Clock): Read {
  let opening: Promise<void> | null = null;
  return async (dns) => {
    opening ??= clock.sleep(gatherMs).then(() => {
      opening = null;
    });
    await opening;
    return read(dns);
  };
}

/**
 * Readings of one zone share their requests: a page tells everybody who had asked before it was sent. Nobody takes part
 * in a page that is under way, or a reading back could be older than the batch that it judges:
 *
 *   A's page sent ──► B's batch applied ──► B reads back ──► A's page arrives: without B's batch
 */
export function createReader(list: List, pacer: Pacer): Read {
  const zones = new Map<string, Waiting[]>();

  const walk = async (zoneId: string, pool: Waiting[]): Promise<void> => {
    let reached: string | null = null;
    for (;;) {
      await pacer.turn("read");
      const asking = pool.splice(0);
      const from = nextName(asking, reached);
      if (from === null) break;
      const names = asking.reduce((sum, { open }) => sum + open.length, 0);
      const setsMax = Math.min(setsPerPageMax, Math.max(setsPerPageMin, names * setsPerName));
      const page = await list(zoneId, from, setsMax);
      pacer.note(page);
      reached = page.ok ? page.value.nextName : null;
      pool.unshift(...asking.filter((one) => isUnanswered(one, from, page)));
      if (pool.length === 0) break;
    }
    zones.delete(zoneId);
  };

  return (dns) =>
    new Promise((settle) => {
      const open = [dns.name, companionName(dns), srvName(dns)].sort(compareNames);
      const known = zones.get(dns.zoneId);
      const pool = known ?? [];
      pool.push({ open, found: [], settle });
      if (known !== undefined) return;
      zones.set(dns.zoneId, pool);
      void walk(dns.zoneId, pool);
    });
}

/** On through the zone and round again, so that nobody waits for ever behind those who come later. */
function nextName(asking: readonly Waiting[], reached: string | null): string | null {
  const open = asking.flatMap((one) => one.open).sort(compareNames);
  const ahead = open.find((name) => reached === null || compareNames(name, reached) >= 0);
  return ahead ?? open[0] ?? null;
}

/** Takes from the page what it says of this one's names; a page that failed failed for all who asked. */
function isUnanswered(one: Waiting, from: string, page: Result<Page>): boolean {
  if (!page.ok) {
    one.settle(page);
    return false;
  }
  const { sets, nextName: endsBefore } = page.value;
  // A name that fills a page by itself is not asked for again: it has more than we would ever touch.
  const isTold = (name: string) =>
    name === from ||
    (compareNames(name, from) > 0 && (endsBefore === null || compareNames(name, endsBefore) < 0));
  const told = new Set(one.open.filter(isTold));
  one.found = [...one.found, ...sets.filter(({ name }) => told.has(name))];
  one.open = one.open.filter((name) => !told.has(name));
  if (one.open.length > 0) return true;
  one.settle(success(one.found));
  return false;
}

/** The order of a zone's names: by labels from the right, the last dot included (API reference, ListResourceRecordSets). */
function compareNames(a: string, b: string): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function keyOf(name: string): string {
  // The API writes `*` as `\052`, and sorts it as what it is.
  const plain = normalizeName(name).replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return `${plain.split(".").reverse().join(".")}.`;
}

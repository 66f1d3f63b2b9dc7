import { once } from "node:events";
import type { Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Account, createAccount, type HostedZone } from "./account.ts";
import { type AccessEntry, createApiServer, type Faults } from "./api.ts";
import { type DnsServer, startDnsServer } from "./dns-server.ts";
import { readName } from "./names.ts";
import type { Timings } from "./operations.ts";
import { createTokenBucket, type RateLimit } from "./token-bucket.ts";
import type { Zone } from "./zone.ts";

export interface Route53Options {
  /** Address both servers bind to; 127.0.0.1 unless told. */
  readonly host?: string;
  /** Port of the API; 0, the default, takes a free one. */
  readonly port?: number;
  /** Port of DNS, the same for UDP and TCP; 0, the default, takes a free one. */
  readonly dnsPort?: number;
  /** Names of the zones that exist from the start. */
  readonly zones: readonly string[];
  /** Fixed ids by zone name as written in `zones`; the others get an id made from their name. */
  readonly zoneIds?: Readonly<Record<string, string>>;
  /** From the acceptance of a change until GetChange says INSYNC; 0 unless told. */
  readonly insyncAfterMs?: number;
  /** From the acceptance of a change until DNS shows it; 0 unless told. */
  readonly appearAfterMs?: number;
  /** How long a change request keeps its zone busy; 0 unless told. */
  readonly changeHandlingMs?: number;
  /** Requests to the API in all; the real account's 50 at once and 10 a second unless told. */
  readonly rateLimit?: RateLimit;
  /** Called once a request has ended, before its answer is sent. */
  readonly onAccess?: (entry: AccessEntry) => void;
  /** Switches the caller keeps and may turn at any time. */
  readonly faults?: Faults;
  /** The clock behind rate limit and delays, in milliseconds of the Unix epoch. */
  readonly now?: () => number;
  /** Passes the time of `changeHandlingMs`; must reject when the signal is aborted. */
  readonly wait?: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

/** A running stand-in of Route 53 with the DNS that serves its zones. */
export interface Route53StandIn {
  /** For the SDK's `endpoint`, such as http://127.0.0.1:4100. */
  readonly endpoint: string;
  readonly dnsPort: number;
  /** The id of the zone of this name. @throws Error when there is none. */
  zoneId(name: string): string;
  /** The zone of this name itself, beside the API. @throws Error when there is none. */
  zone(name: string): Zone;
  /** The latest requests, oldest first; the list is bounded. */
  readonly access: readonly AccessEntry[];
  readonly faults: Faults;
  readonly timings: Timings;
  /** Ends both servers and all connections, hanging ones included. */
  close(): Promise<void>;
}

const accessEntriesMax = 10_000;
const defaultRateLimit: RateLimit = { burst: 50, perSecond: 10 };

/**
 * Starts the stand-in.
 *
 * @throws Error when a zone name, id or delay is ill-formed, or a port is taken.
 */
export async function startRoute53(options: Route53Options): Promise<Route53StandIn> {
  const { host = "127.0.0.1", port = 0, dnsPort = 0, faults = {}, now = epochMs } = options;
  const { onAccess, wait = passTime, rateLimit = defaultRateLimit } = options;
  const timings = readTimings(options);
  const account = createAccount();
  addZones(account, options);
  const access: AccessEntry[] = [];
  const closing = new AbortController();
  const api = createApiServer({
    account,
    timings,
    faults,
    bucket: createTokenBucket(rateLimit),
    now,
    wait: (durationMs) => wait(durationMs, closing.signal),
    onAccess(entry) {
      if (access.length >= accessEntriesMax) access.shift();
      access.push(entry);
      onAccess?.(entry);
    },
  });
  const dns = await startDnsServer({ host, port: dnsPort, zones: () => servedZones(account, now) });
  const apiPort = await listen(api, host, port, dns);
  let closed: Promise<void> | undefined;
  return {
    endpoint: `http://${host}:${apiPort}`,
    dnsPort: dns.port,
    zoneId: (name) => hostedZone(account, name).id,
    zone: (name) => hostedZone(account, name).zone,
    access,
    faults,
    timings,
    close() {
      closing.abort();
      closed ??= closeAll(api, dns);
      return closed;
    },
  };
}

function readTimings(options: Route53Options): Timings {
  const { insyncAfterMs = 0, appearAfterMs = 0, changeHandlingMs = 0 } = options;
  const timings: Timings = { insyncAfterMs, appearAfterMs, changeHandlingMs };
  for (const [name, value] of Object.entries(timings)) {
    if (!(value >= 0)) throw new Error(`expected ${name} of 0 or more, got ${value}`);
  }
  return timings;
}

function addZones(account: Account, { zones, zoneIds = {} }: Route53Options): void {
  const strangers = Object.keys(zoneIds).filter((name) => !zones.includes(name));
  if (strangers.length > 0) {
    throw new Error(`expected zoneIds of the zones given, got ${strangers.join(", ")}`);
  }
  for (const name of zones) {
    const callerReference = `start/${account.hostedZones().length + 1}`;
    account.addZone({ name, callerReference, id: zoneIds[name] });
  }
}

function servedZones(account: Account, now: () => number) {
  const nowMs = now();
  return account
    .hostedZones()
    .map(({ zone }) => ({ name: zone.name, snapshot: zone.visibleSnapshot(nowMs) }));
}

function hostedZone(account: Account, name: string): HostedZone {
  const reading = readName(name);
  const found = account
    .hostedZones()
    .find(({ zone }) => reading.kind === "name" && zone.name === reading.name);
  if (found === undefined) throw new Error(`expected the name of a hosted zone, got ${name}`);
  return found;
}

/** Starts the API; the DNS server that already runs is ended when that fails. */
async function listen(api: Server, host: string, port: number, dns: DnsServer): Promise<number> {
  try {
    api.listen(port, host);
    await once(api, "listening");
  } catch (error) {
    await dns.close();
    throw error;
  }
  const address = api.address();
  if (address === null || typeof address === "string") {
    throw new Error(`expected a TCP address, got ${String(address)}`);
  }
  return address.port;
}

async function closeAll(api: Server, dns: DnsServer): Promise<void> {
  const apiClosed = once(api, "close");
  api.close();
  // Idle keep-alive connections and hanging requests would otherwise hold the server open.
  api.closeAllConnections();
  await Promise.all([apiClosed, dns.close()]);
}

function epochMs(): number {
  // Unlike Date.now it never steps back, which would upset the delays.
  return performance.timeOrigin + performance.now();
}

async function passTime(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal });
}

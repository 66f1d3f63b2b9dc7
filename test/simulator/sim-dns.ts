import { publish } from "../../lib/adapters/publication.ts";
import { createBatcher } from "../../lib/adapters/route53-batch.ts";
import type { DnsConfig } from "../../lib/core/config.ts";
import {
  companionName,
  isSameRecord,
  type RecordChange,
  type RecordSet,
  srvName,
} from "../../lib/core/records.ts";
import type { Dns, Resolution } from "../../lib/ports/dns.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { Process } from "./engine.ts";
import type { Prng } from "./prng.ts";

export interface DnsFaults {
  isDown: boolean;
  lostReply: number;
  /** A batch that is applied long after its sender gave up. */
  late: number;
  throttled: number;
  /** Whether our rights to change records are gone. */
  isDenied: boolean;
}

const answerTimeoutMs = 2_000;

/** Told of every batch that was applied. */
type OnChange = (after: readonly RecordSet[], before: readonly RecordSet[]) => void;

interface Cached {
  readonly atMs: number;
  readonly records: readonly RecordSet[];
}

/** A control plane that works. */
export function noDnsFaults(): DnsFaults {
  return { isDown: false, lostReply: 0, late: 0, throttled: 0, isDenied: false };
}

interface DnsRequest<T> {
  readonly what: string;
  readonly act: () => Result<T>;
  readonly isChange: boolean;
}

/** One zone with Route 53's rules that matter: atomic batches, exact deletes, creates that never overwrite. */
export class SimDns {
  records: readonly RecordSet[] = [];
  readonly faults = noDnsFaults();
  /** The zone that there is; null: whichever is asked for. */
  zoneId: string | null = null;
  /** How long a change keeps the zone busy: another one is turned away meanwhile. */
  handlingMs = 0;
  #isBusy = false;
  /** How long a change takes to appear to those who resolve. */
  appearAfterMs = 0;
  /** How long resolvers keep an answer, whatever its TTL says. */
  cacheMs = 0;
  readonly #cached = new Map<string, Cached>();
  batches = 0;
  refused = 0;
  readonly #prng: Prng;
  readonly #onChange: OnChange;
  #visible: readonly RecordSet[] = [];

  constructor(prng: Prng, onChange: OnChange) {
    this.#prng = prng;
    this.#onChange = onChange;
  }

  /** `onSend` is told of every batch that leaves the process. */
  portFor(process: Process, faults: DnsFaults = this.faults, onSend: () => void = () => {}): Dns {
    const ask = <T>(request: DnsRequest<T>) => this.#request(process, faults, request);
    const isGone = (zoneId: string) => this.zoneId !== null && this.zoneId !== zoneId;
    const read = (dns: DnsConfig) => {
      const act = () => (isGone(dns.zoneId) ? noZone() : success(this.#of(dns)));
      return ask({ what: "read record", act, isChange: false });
    };
    const batcher = createBatcher((zoneId, changes) => {
      onSend();
      if (isGone(zoneId)) return ask({ what: "publish", act: noZone, isChange: true });
      return this.#change(process, faults, changes);
    });
    return {
      read,
      publish: (request) => publish(read, batcher.submit, request),
      // The servers that answer queries are others than those that take changes (fault R3).
      resolve: (dns) => {
        const by = process.name.split("/")[0] ?? process.name;
        const act = () => success(resolution(this.#seenBy(by, process.engine.nowMs), dns));
        return this.#request(process, noDnsFaults(), { what: "resolve", act, isChange: false });
      },
    };
  }

  /** One batch: turned away while another one is in work. */
  async #change(
    process: Process,
    faults: DnsFaults,
    changes: readonly RecordChange[],
  ): Promise<Result<void>> {
    let handled: Promise<Result<void>> | null = null;
    const act = (): Result<void> => {
      if (this.#isBusy) return failure("throttled", "PriorRequestNotComplete");
      if (this.handlingMs === 0) return this.apply(changes, process);
      handled = this.#handle(process, changes);
      return success(undefined);
    };
    const taken = await this.#request(process, faults, { what: "publish", act, isChange: true });
    return taken.ok && handled !== null ? handled : taken;
  }

  /** What was taken is handled to the end, whoever still waits for the answer. */
  #handle(process: Process, changes: readonly RecordChange[]): Promise<Result<void>> {
    this.#isBusy = true;
    return new Promise((resolve) => {
      process.engine.schedule(this.handlingMs, () => {
        this.#isBusy = false;
        const applied = this.apply(changes, process);
        process.deliver(1, () => resolve(applied), "publish");
      });
    });
  }

  /** What the zone's own servers answer now. */
  resolveNow(name: string): readonly string[] {
    return addressesIn(this.#visible, name);
  }

  /** What somebody's resolver answers, out of its cache as long as it likes. */
  resolveFor(by: string, name: string, nowMs: number): readonly string[] {
    return addressesIn(this.#seenBy(by, nowMs), name);
  }

  #seenBy(resolver: string, nowMs: number): readonly RecordSet[] {
    if (this.cacheMs === 0) return this.#visible;
    const cached = this.#cached.get(resolver);
    if (cached !== undefined && nowMs - cached.atMs < this.cacheMs) return cached.records;
    this.#cached.set(resolver, { atMs: nowMs, records: this.#visible });
    return this.#visible;
  }

  /** The control plane works, and nobody keeps answers any more. */
  heal(): void {
    Object.assign(this.faults, noDnsFaults());
    this.handlingMs = 0;
    this.appearAfterMs = 0;
    this.cacheMs = 0;
  }

  /** The records as somebody else leaves them: no batch of ours, nor its rules. */
  overwrite(change: (record: RecordSet) => RecordSet | null): void {
    this.records = this.records.flatMap((one) => change(one) ?? []);
    this.#visible = this.records;
  }

  #of(dns: DnsConfig): readonly RecordSet[] {
    const names = new Set([dns.name, companionName(dns), srvName(dns)]);
    return this.records.filter((one) => names.has(one.name));
  }

  apply(changes: readonly RecordChange[], process: Process): Result<void> {
    let next = [...this.records];
    for (const { action, record } of changes) {
      const index = next.findIndex((one) => one.name === record.name && one.type === record.type);
      if (action === "DELETE") {
        const found = next[index];
        if (found === undefined || !isSameRecord(found, record)) return this.#refuse();
        next = next.filter((_, at) => at !== index);
      } else {
        if (index >= 0) return this.#refuse();
        next.push(record);
      }
    }
    if (next.some((one) => isBesideAlias(one, next))) return this.#refuse();
    const before = this.records;
    this.records = next;
    this.batches += 1;
    this.#onChange(next, before);
    if (this.appearAfterMs === 0) this.#visible = next;
    else
      process.engine.schedule(this.appearAfterMs, () => {
        this.#visible = this.records;
      });
    return success(undefined);
  }

  #refuse(): Result<void> {
    this.refused += 1;
    return failure("refused", "InvalidChangeBatch");
  }

  #request<T>(
    process: Process,
    faults: DnsFaults,
    { what, act, isChange }: DnsRequest<T>,
  ): Promise<Result<T>> {
    const prng = this.#prng;
    const late = isChange ? faults.late : 0;
    return new Promise((resolve) => {
      const answer = (delayMs: number, result: Result<T>) =>
        process.deliver(delayMs, () => resolve(result), what);
      if (faults.isDown) {
        answer(answerTimeoutMs, failure("timeout", "the control plane is down"));
        return;
      }
      if (prng.chance(faults.throttled)) {
        answer(10, failure("throttled", "Throttling"));
        return;
      }
      if (isChange && faults.isDenied) {
        answer(10, failure("denied", "AccessDenied"));
        return;
      }
      if (prng.chance(late)) {
        process.send(answerTimeoutMs + prng.exp(8_000), () => act(), what);
        answer(answerTimeoutMs, failure("timeout", "no answer; the batch may arrive later"));
        return;
      }
      const isLost = prng.chance(faults.lostReply);
      const isLate = process.latenessMs > answerTimeoutMs;
      const arrive = () => {
        const result = act();
        if (!isLost && !isLate) answer(5 + prng.exp(20), result);
      };
      // Nobody waits longer for the answer than the request's own time.
      if (isLost || isLate) answer(answerTimeoutMs, failure("timeout", "no answer"));
      process.send(5 + prng.exp(20), arrive, what);
    });
  }
}

function resolution(records: readonly RecordSet[], dns: DnsConfig): Resolution {
  const values = (name: string, type: RecordSet["type"]) =>
    records.find((one) => one.name === name && one.type === type)?.values ?? [];
  const alias = values(dns.name, "CNAME")[0]?.replace(/\.$/, "") ?? null;
  const name = alias ?? dns.name;
  const ports = dns.srv ? values(srvName(dns), "SRV").map((one) => Number(one.split(" ")[2])) : [];
  const addresses = [...values(name, "A"), ...values(name, "AAAA")];
  return { addresses, alias, ports, ttlSeconds: addresses.length === 0 ? null : dns.ttlSeconds };
}

function addressesIn(records: readonly RecordSet[], name: string): readonly string[] {
  return records.find((one) => one.name === name && one.type === "A")?.values ?? [];
}

function noZone() {
  return failure("refused", "NoSuchHostedZone");
}

/** Nothing may stand beside a CNAME. */
function isBesideAlias(one: RecordSet, all: readonly RecordSet[]): boolean {
  return all.some((other) => other !== one && other.name === one.name && other.type === "CNAME");
}

import { publish } from "../../lib/adapters/publication.ts";
import type { DnsConfig } from "../../lib/core/config.ts";
import {
  companionName,
  isSameRecord,
  type RecordChange,
  type RecordSet,
} from "../../lib/core/records.ts";
import type { Dns } from "../../lib/ports/dns.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { Process } from "./engine.ts";
import type { Prng } from "./prng.ts";

export interface DnsFaults {
  isDown: boolean;
  lostReply: number;
  /** A batch that is applied long after its sender gave up. */
  late: number;
  throttled: number;
}

/** One zone with Route 53's rules that matter: atomic batches, exact deletes, creates that never overwrite. */
export class SimDns {
  records: readonly RecordSet[] = [];
  readonly faults: DnsFaults = { isDown: false, lostReply: 0, late: 0, throttled: 0 };
  /** How long a change takes to appear to those who resolve. */
  appearAfterMs = 0;
  batches = 0;
  refused = 0;
  readonly #prng: Prng;
  readonly #onChange: (records: readonly RecordSet[]) => void;
  #visible: readonly RecordSet[] = [];

  constructor(prng: Prng, onChange: (records: readonly RecordSet[]) => void) {
    this.#prng = prng;
    this.#onChange = onChange;
  }

  portFor(process: Process): Dns {
    const read = (dns: DnsConfig) =>
      this.#request(process, "read record", () => success(this.#of(dns)), 0);
    const submit = (_zone: string, changes: readonly RecordChange[], isCurrent: () => boolean) =>
      isCurrent()
        ? this.#request(process, "publish", () => this.apply(changes, process), this.faults.late)
        : Promise.resolve(failure("refused", "STATE has moved on"));
    return {
      read,
      publish: (request) => publish(read, submit, request),
      resolve: (dns) =>
        this.#request(
          process,
          "resolve",
          () => success({ addresses: this.resolveNow(dns.name), alias: null, ports: [] }),
          0,
        ),
    };
  }

  /** What a resolver answers now. */
  resolveNow(name: string): readonly string[] {
    return this.#visible.find((one) => one.name === name && one.type === "A")?.values ?? [];
  }

  /** A person's edit: the address is overwritten, the companion is not. */
  editByHand(name: string, address: string): void {
    this.records = this.records.map((one) =>
      one.name === name && one.type === "A" ? { ...one, values: [address] } : one,
    );
    this.#visible = this.records;
  }

  #of(dns: DnsConfig): readonly RecordSet[] {
    const names = new Set([dns.name, companionName(dns)]);
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
    this.records = next;
    this.batches += 1;
    this.#onChange(next);
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
    what: string,
    act: () => Result<T>,
    late: number,
  ): Promise<Result<T>> {
    const prng = this.#prng;
    const { faults } = this;
    return new Promise((resolve) => {
      const answer = (delayMs: number, result: Result<T>) =>
        process.deliver(delayMs, () => resolve(result), what);
      if (faults.isDown) {
        answer(2_000, failure("timeout", "the control plane is down"));
        return;
      }
      if (prng.chance(faults.throttled)) {
        answer(10, failure("throttled", "Throttling"));
        return;
      }
      if (prng.chance(late)) {
        process.send(2_000 + prng.exp(8_000), () => act(), what);
        answer(2_000, failure("timeout", "no answer; the batch may arrive later"));
        return;
      }
      const isLost = prng.chance(faults.lostReply);
      const arrive = () => {
        const result = act();
        answer(
          isLost ? 2_000 : 5 + prng.exp(20),
          isLost ? failure("timeout", "no answer") : result,
        );
      };
      process.send(5 + prng.exp(20), arrive, what);
    });
  }
}

import { compareNames } from "../../lab/route53/names.ts";
import type { TokenBucket } from "../../lab/route53/token-bucket.ts";
import { publish } from "../../lib/adapters/publication.ts";
import { createBatcher } from "../../lib/adapters/route53-batch.ts";
import { createPacer } from "../../lib/adapters/route53-pacer.ts";
import { createReader, gathered, type Page } from "../../lib/adapters/route53-reader.ts";
import type { Dns } from "../../lib/ports/dns.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { Process } from "./engine.ts";
import { simClock } from "./sim-clock.ts";
import { SimDns } from "./sim-dns.ts";

/** Of a request to Route 53, each way. */
const route53Ms = 25;

/** A zone that is asked as the adapter asks: readings share their pages, changes their batches, and a pacer lets both in. */
export class CountedDns extends SimDns {
  readonly requestsAtMs: number[] = [];
  throttled = 0;
  /** null: nobody is turned away. */
  bucket: TokenBucket | null = null;

  override portFor(process: Process): Dns {
    const inner = super.portFor(process);
    const clock = simClock(process);
    const pacer = createPacer(clock);
    const read = createReader(
      (_zone, from, setsMax) => this.#ask(process, () => this.#page(from, setsMax)),
      pacer,
    );
    const batcher = createBatcher(
      (_zone, changes) => this.#ask(process, () => this.apply(changes, process)),
      pacer,
    );
    return {
      read: gathered(read, clock),
      publish: (request) => publish(read, batcher.submit, request),
      resolve: (dns) => inner.resolve(dns),
    };
  }

  #page(from: string, setsMax: number): Result<Page> {
    const rest = this.records
      .toSorted((a, b) => compareNames(`${a.name}.`, `${b.name}.`))
      .filter(({ name }) => compareNames(`${name}.`, `${from}.`) >= 0);
    return success({ sets: rest.slice(0, setsMax), nextName: rest[setsMax]?.name ?? null });
  }

  #ask<T>(process: Process, act: () => Result<T>): Promise<Result<T>> {
    return new Promise((resolve) => {
      process.send(
        route53Ms,
        () => {
          const answer = this.#isTaken(process) ? act() : failure("throttled", "Throttling");
          process.deliver(route53Ms, () => resolve(answer), "Route 53");
        },
        "Route 53",
      );
    });
  }

  #isTaken({ engine }: Process): boolean {
    this.requestsAtMs.push(engine.nowMs);
    const isTaken = this.bucket?.take(engine.nowMs) ?? true;
    if (!isTaken) this.throttled += 1;
    return isTaken;
  }
}

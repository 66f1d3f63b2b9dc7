import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { Process } from "./engine.ts";
import type { Prng } from "./prng.ts";

export interface StoreFaults {
  /** Who cannot reach the table at all. */
  readonly cutOff: Set<string>;
  /** Who finds nobody listening there, and whose rights don't suffice. */
  readonly refused: Set<string>;
  readonly denied: Set<string>;
  /** Probabilities for each request. A lost one never arrives. */
  lostRequest: number;
  lostReply: number;
  lateApply: number;
  throttled: number;
  slow: number;
  /** Of a write, that another region writes the item in the same moment: neither is applied (fault D4). */
  conflict: number;
  /** What a write takes longer because other regions have to agree, and how far each observer is. */
  writeMs: number;
  readonly far: Map<string, number>;
}

/** A table that works, for everybody. */
export function noStoreFaults(): StoreFaults {
  const [cutOff, refused, denied] = [new Set<string>(), new Set<string>(), new Set<string>()];
  return { cutOff, refused, denied, far: new Map(), ...noRates() };
}

/** Nothing fails, and nothing takes long. */
export function noRates() {
  const ofRequests = { lostRequest: 0, lostReply: 0, lateApply: 0, throttled: 0, slow: 0 };
  return { ...ofRequests, conflict: 0, writeMs: 0 };
}

interface StoreRequest<T> {
  readonly what: string;
  readonly act: () => T;
  readonly isWrite: boolean;
}

interface Refusal {
  readonly afterMs: number;
  readonly result: Result<never>;
}

const requestTimeoutMs = 1_000;

/** The way to the table and back. */
export class StoreRequests {
  /** Writes of which their senders don't know whether they were applied. */
  ambiguous = 0;
  readonly prng: Prng;

  constructor(prng: Prng) {
    this.prng = prng;
  }

  /** One request: it may be refused, lost on the way, applied late, applied with its reply lost, or just slow. */
  send<T>(
    process: Process,
    who: string,
    faults: StoreFaults,
    request: StoreRequest<T>,
  ): Promise<Result<T>> {
    const { what, act, isWrite } = request;
    const { prng } = this;
    return new Promise((resolve) => {
      const answer = (delayMs: number, result: Result<T>) =>
        process.deliver(delayMs, () => resolve(result), what);
      const refusal = this.#refusal(who, faults, isWrite);
      if (refusal !== null) {
        answer(refusal.afterMs, refusal.result);
        return;
      }
      if (faults.lostRequest > 0 && prng.chance(faults.lostRequest)) {
        if (isWrite) this.ambiguous += 1;
        answer(requestTimeoutMs, failure("timeout", "no answer; the request was lost"));
        return;
      }
      const slowMs = prng.chance(faults.slow) ? prng.exp(800) : 0;
      const regionsMs = (faults.far.get(who) ?? 0) + (isWrite ? faults.writeMs : 0);
      const thereMs = 1 + prng.exp(4) + slowMs + regionsMs;
      const isLate = thereMs + process.latenessMs > requestTimeoutMs;
      if (isWrite && prng.chance(faults.lateApply)) {
        this.ambiguous += 1;
        process.send(requestTimeoutMs + prng.exp(3_000), () => act(), what);
        answer(requestTimeoutMs, failure("timeout", "no answer; the write may arrive later"));
        return;
      }
      const isLost = prng.chance(faults.lostReply);
      const arrive = () => {
        const value = act();
        if (isWrite && (isLost || isLate)) this.ambiguous += 1;
        if (!isLost && !isLate) answer(1 + prng.exp(4), success(value));
      };
      // Nobody waits longer for the answer than the request's own time.
      if (isLost || isLate) answer(requestTimeoutMs, failure("timeout", "no answer"));
      process.send(thereMs, arrive, what);
    });
  }

  /** Who can't reach the table, or is turned away there: nothing is applied. */
  #refusal(who: string, faults: StoreFaults, isWrite: boolean): Refusal | null {
    const { refused, denied, cutOff, throttled, conflict, writeMs } = faults;
    if (refused.has(who)) {
      const result = failure("unreachable", "nobody listens at the table's address");
      return { afterMs: 1, result };
    }
    if (denied.has(who)) return { afterMs: 5, result: failure("denied", "AccessDeniedException") };
    if (cutOff.has(who)) {
      return { afterMs: requestTimeoutMs, result: failure("timeout", "the table is cut off") };
    }
    if (this.prng.chance(throttled)) {
      return { afterMs: 5, result: failure("throttled", "ThrottlingException") };
    }
    if (!isWrite || conflict <= 0 || !this.prng.chance(conflict)) return null;
    const result = failure("throttled", "ReplicatedWriteConflictException");
    return { afterMs: 5 + writeMs, result };
  }
}

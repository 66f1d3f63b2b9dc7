import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Sample, Vote } from "../../lib/core/model.ts";
import { Violation } from "./checkers.ts";
import type { Process } from "./engine.ts";

/** Far beyond every probe's deadline: who heard from nobody for so long is blind, and knows it. */
const blindMarginMs = 10_000;

interface Heard {
  readonly sentAtMs: number;
  readonly isAnswer: boolean;
}

/**
 * Remembers what each observer really heard, and holds its votes against that: a vote says "down" only after one more
 * probe, sent since its round was opened (DESIGN 4.1), and never by an observer that hears no node at all (fault P3).
 */
export class Witness {
  readonly #config: GroupConfig;
  readonly #openedAtMs = new Map<number, number>();
  /** The last probe that ended, by process and node. */
  readonly #last = new Map<string, Heard>();
  /** When any node last answered, by observer. */
  readonly #answeredAtMs = new Map<string, number>();

  constructor(config: GroupConfig) {
    this.#config = config;
  }

  onSample(process: Process, observer: string, { node, sentAtMs, reply }: Sample): void {
    const isAnswer = reply.kind === "pong" || reply.kind === "error";
    this.onHeard(process, observer, { node, sentAtMs, isAnswer });
  }

  /** A probe or an observation has ended; `sentAtMs` by the process's own clock. */
  onHeard(process: Process, observer: string, heard: { readonly node: string } & Heard): void {
    const { nowMs } = process.engine;
    const tookMs = (process.now() - heard.sentAtMs) / process.clockRate;
    const { node, isAnswer } = heard;
    this.#last.set(`${process.name} ${node}`, { sentAtMs: nowMs - tookMs, isAnswer });
    if (isAnswer) this.#answeredAtMs.set(observer, nowMs);
  }

  onState(before: GroupState | null, after: GroupState, nowMs: number): void {
    const { number } = after.round;
    if (number > (before?.round.number ?? 0)) this.#openedAtMs.set(number, nowMs);
  }

  /** Every vote, as it leaves its process. */
  onVote(process: Process, vote: Vote): void {
    if (vote.verdict !== "down") return;
    const heard = this.#last.get(`${process.name} ${vote.node}`);
    const openedAtMs = this.#openedAtMs.get(vote.round) ?? Number.POSITIVE_INFINITY;
    if (heard === undefined || heard.sentAtMs < openedAtMs) {
      throw new Violation(
        "S2",
        `${process.name} votes down in round ${vote.round} without a probe sent since it was opened`,
      );
    }
    const silentMs = process.engine.nowMs - (this.#answeredAtMs.get(vote.observer) ?? 0);
    if (silentMs > this.#config.settings.downAfterMs + blindMarginMs) {
      const forMs = Math.round(silentMs);
      throw new Violation(
        "P3",
        `${process.name} votes down, and no node has answered it for ${forMs} ms`,
      );
    }
  }
}

import type { GroupState, LogEntry } from "../core/model.ts";
import { eventIdOf, type StoredEvent } from "../ports/store.ts";
import { type Hands, tellFailure } from "./hands.ts";

type Needs = Pick<Hands, "store" | "clock" | "reporter" | "failing">;

/** A copy that could not be stored is tried again after this long. */
const restMs = 1_000;
/** How long the end of a watch waits for copies that are under way. */
const flushMs = 1_000;

/**
 * Copies the log that STATE carries into the events of the table: every observer does, whoever wrote the entry, so that
 * the death of its writer loses nothing (invariant S16). An entry is the same item whoever copies it. Nobody waits for
 * a copy.
 */
export class LogCopier {
  /** Entries up to this rev are in the table. */
  copiedRev: number;
  readonly #hands: Needs;
  #task: Promise<void> | null = null;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(hands: Needs, copiedRev: number) {
    this.#hands = hands;
    this.copiedRev = copiedRev;
  }

  see(state: GroupState | null | undefined): void {
    if (state === null || state === undefined || state.rev === this.copiedRev) return;
    if (this.#task !== null || this.#hands.clock.nowMs() - this.#failedAtMs < restMs) return;
    // A table that was put back to a backup counts anew.
    if (state.rev < this.copiedRev) this.copiedRev = 0;
    const due = state.log.filter((entry) => entry.rev > this.copiedRev);
    if (due.length === 0) {
      this.copiedRev = state.rev;
      return;
    }
    this.#task = this.#copy(state.group, due).finally(() => {
      this.#task = null;
    });
  }

  /** Waits for the copy that is under way, and not for long. */
  async flush(): Promise<void> {
    await Promise.race([this.#task, this.#hands.clock.sleep(flushMs)]);
  }

  async #copy(group: string, entries: readonly LogEntry[]): Promise<void> {
    const { store, clock } = this.#hands;
    for (const entry of entries) {
      const stored = await store.appendEvent(eventOf(group, entry, clock.wallTime()));
      tellFailure(this.#hands, "the log was not copied", stored);
      if (!stored.ok) {
        this.#failedAtMs = clock.nowMs();
        return;
      }
      this.copiedRev = entry.rev;
    }
  }
}

/** The id sorts before everything else that is told of the same rev. */
export function eventOf(group: string, entry: LogEntry, at: string): StoredEvent {
  const { rev, epoch, round, phase, rule, by, why } = entry;
  return {
    group,
    id: eventIdOf(rev, "!"),
    at,
    observer: by,
    name: "+transition",
    rule,
    epoch,
    round,
    node: null,
    message: why,
    evidence: { phase },
    durationsMs: {},
  };
}

import type { GroupState, LogEntry } from "../core/model.ts";
import { eventIdOf, type StoredEvent } from "../ports/store.ts";
import { type Hands, tellFailure } from "./hands.ts";

type Needs = Pick<Hands, "store" | "clock" | "reporter" | "failing">;

/** A copy that could not be stored is tried again after this long. */
const restMs = 1_000;
/** How long the end of a watch waits for copies that are under way. */
const flushMs = 1_000;

/** How far a log was copied: of the STATE of that rev, all entries up to `copiedRev`. */
export interface Copied {
  readonly rev: number;
  readonly copiedRev: number;
}

/**
 * Copies the log that STATE carries into the events of the table: every observer does, whoever wrote the entry, so that
 * the death of its writer loses nothing (invariant S16). An entry is the same item whoever copies it. Nobody waits for
 * a copy.
 */
export class LogCopier {
  readonly #hands: Needs;
  readonly #before: Copied;
  /** Entries, not revs: a table that was put back to a backup repeats revs, and brings back what was never copied. */
  #copied: readonly LogEntry[] | null = null;
  #seen: GroupState | null = null;
  #task: Promise<void> | null = null;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  /** `before` is what the predecessor, or the same observer's last watch of the group, said of it. */
  constructor(hands: Needs, before: Copied) {
    this.#hands = hands;
    this.#before = before;
  }

  /** Entries of the newest log that was seen are in the table up to this rev. */
  get copiedRev(): number {
    if (this.#seen === null) return this.#before.copiedRev;
    const [first] = this.#due(this.#seen);
    return first === undefined ? this.#seen.rev : first.rev - 1;
  }

  see(state: GroupState | null | undefined): void {
    if (state === null || state === undefined) return;
    this.#seen = state;
    // What left the log is forgotten: should it come back, it is copied again.
    this.#copied = (this.#copied ?? this.#copiedBefore(state)).filter((one) => has(state.log, one));
    const due = this.#due(state);
    if (due.length === 0) return;
    if (this.#task !== null || this.#hands.clock.nowMs() - this.#failedAtMs < restMs) return;
    this.#task = this.#copy(state.group, due).finally(() => {
      this.#task = null;
    });
  }

  /** Waits for the copy that is under way, and not for long. */
  async flush(): Promise<void> {
    await Promise.race([this.#task, this.#hands.clock.sleep(flushMs)]);
  }

  /** Nothing is known of a log that was put back to before what the predecessor saw. */
  #copiedBefore({ rev, log }: GroupState): readonly LogEntry[] {
    const { rev: seenRev, copiedRev } = this.#before;
    return rev < Math.max(seenRev, copiedRev) ? [] : log.filter((entry) => entry.rev <= copiedRev);
  }

  #due({ log }: GroupState): readonly LogEntry[] {
    return log.filter((entry) => !has(this.#copied ?? [], entry));
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
      this.#copied = [...(this.#copied ?? []), entry];
    }
  }
}

/** Whether it is that very entry, and not another one that was written under the same rev. */
function has(log: readonly LogEntry[], entry: LogEntry): boolean {
  return log.some(
    (one) =>
      one.rev === entry.rev &&
      one.by === entry.by &&
      one.rule === entry.rule &&
      one.why === entry.why &&
      one.epoch === entry.epoch,
  );
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

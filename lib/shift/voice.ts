import { heartbeatEveryMs, mostImpatientMs } from "../core/cadence.ts";
import type { Heartbeat } from "../ports/store.ts";
import type { GroupStatus } from "./group.ts";
import { heartbeatOf, signature } from "./heartbeat.ts";
import type { Shift } from "./shift.ts";
import { watchedGroups } from "./troubles.ts";

/** A group that can't be watched, for want of a secret say, holds the others' heartbeat up no longer than this. */
export const patienceMs = 5_000;

/** What one shift says in its observer's name, and what it hears of the shifts after it. */
export class Voice {
  number: number | null;
  /** A younger shift that has spoken; null: none has. */
  successor: Heartbeat | null = null;
  /** Since when this shift knows of one. */
  besideSinceMs: number | null = null;
  spokeAtMs = Number.NEGATIVE_INFINITY;
  listenedAtMs = Number.NEGATIVE_INFINITY;
  readonly #shift: Shift;
  #said = "";
  #signed: { readonly of: ReadonlyMap<string, GroupStatus>; readonly text: string } | null = null;

  constructor(shift: Shift) {
    this.#shift = shift;
    this.number = shift.number;
  }

  /** Whether there is something to say of every group, or no more waiting for it. */
  isReady(): boolean {
    const { running, listing, statuses, ports, startedAtMs } = this.#shift;
    // An observer without groups says so: its successor has to be heard, and who removed the last group waits for it.
    if (running.size === 0 && !listing.isRead) return false;
    return statuses.size >= running.size || ports.clock.nowMs() - startedAtMs >= patienceMs;
  }

  /** Whether what others wait for has changed since this shift spoke. */
  hasNews(): boolean {
    return this.#signature() !== this.#said;
  }

  heartbeatMs(): number {
    const statuses = [...this.#shift.statuses.values()];
    return mostImpatientMs(statuses.map(({ memory }) => memory.config.settings.heartbeatMs));
  }

  /** What this shift would say now. */
  heartbeat(number: number, awake?: Heartbeat["awake"]): Heartbeat {
    const { observer, codeVersion, statuses, ports } = this.#shift;
    const everyMs = heartbeatEveryMs(this.#shift, this.heartbeatMs());
    const self = { observer, shift: number, codeVersion, everyMs };
    return heartbeatOf(awake === undefined ? self : { ...self, awake }, statuses, ports.clock);
  }

  /** Sends a heartbeat; false: it was not taken, because of a failure or because a younger shift has spoken. */
  async say(awake?: Heartbeat["awake"]): Promise<boolean> {
    const { ports } = this.#shift;
    this.number ??= await this.#nextNumber();
    if (this.number === null) return false;
    this.spokeAtMs = ports.clock.nowMs();
    this.#said = this.#signature();
    const heartbeat = this.heartbeat(this.number, awake);
    const done = await ports.store.writeHeartbeat(heartbeat);
    if (!done.ok) {
      ports.reporter.line("warn", `no heartbeat: ${done.why}`, {});
      return false;
    }
    const groups = watchedGroups(this.#shift.statuses, heartbeat, ports.clock.nowMs());
    ports.meter.beat({ heartbeat, groups });
    if (done.value.standingShift <= this.number) return true;
    await this.listen();
    return false;
  }

  /** Whether this shift has gone on beside its successor for so long. */
  isBesideFor(ms: number): boolean {
    return (
      this.besideSinceMs !== null && this.#shift.ports.clock.nowMs() - this.besideSinceMs >= ms
    );
  }

  /** Asks whether a younger shift has spoken. */
  async listen(): Promise<void> {
    const { ports, observer } = this.#shift;
    this.listenedAtMs = ports.clock.nowMs();
    const got = await ports.store.readHeartbeat(observer);
    const isYounger =
      got.ok && got.value !== null && this.number !== null && got.value.shift > this.number;
    if (!isYounger) return;
    this.successor = got.value;
    this.besideSinceMs ??= this.listenedAtMs;
  }

  /** A shift that could not ask who came before it asks again before it says its first word. */
  async #nextNumber(): Promise<number | null> {
    const got = await this.#shift.ports.store.readHeartbeat(this.#shift.observer);
    return got.ok ? (got.value?.shift ?? 0) + 1 : null;
  }

  /** It is asked for more often than groups are looked at: only another look can have changed anything. */
  #signature(): string {
    const { statuses } = this.#shift;
    let isSame = this.#signed !== null && this.#signed.of.size === statuses.size;
    for (const [name, status] of statuses) isSame &&= this.#signed?.of.get(name) === status;
    if (this.#signed === null || !isSame) {
      this.#signed = { of: new Map(statuses), text: signature(statuses) };
    }
    return this.#signed.text;
  }
}

import type { GroupState } from "../../lib/core/model.ts";
import type { Heartbeat } from "../../lib/ports/store.ts";
import type { Process } from "./engine.ts";

/** Which reign a process reads of in STATE, and since when it can know of it, by its predecessors' word too. */
interface Reign {
  readonly key: string;
  readonly sinceMs: number;
}

/**
 * Since when the processes can know a master, and miss it. A shift begins with its predecessor's heartbeat; where the table
 * kept that back, or its predecessor could not read of that master in STATE either, it knows what it sees itself:
 *
 *     shift 1 ── heartbeat ──► shift 2 ── (the table is away) ─✕─ shift 3
 *     └─ shifts 1 and 2 know it since here                       └─ shift 3 since here
 */
export class Reigns {
  readonly #known = new Map<string, Reign>();
  readonly #heard = new Map<string, Reign>();
  readonly #told = new WeakMap<Heartbeat, Reign>();

  /** A process read STATE, or wrote it. */
  onState({ name, engine }: Process, state: GroupState): void {
    const key = keyOf(state);
    if (this.#known.get(name)?.key === key) return;
    const heard = this.#heard.get(name);
    this.#known.set(name, heard?.key === key ? heard : { key, sinceMs: engine.nowMs });
    this.#heard.delete(name);
  }

  /** A process tells whoever comes after it what it has read itself. */
  onHeartbeat({ name }: Process, heartbeat: Heartbeat): void {
    const reign = this.#known.get(name);
    if (reign !== undefined) this.#told.set(heartbeat, reign);
  }

  /** A process read the heartbeat of whoever was there before it. */
  onPredecessor({ name }: Process, heartbeat: Heartbeat | null): void {
    const reign = heartbeat === null ? undefined : this.#told.get(heartbeat);
    if (reign !== undefined) this.#heard.set(name, reign);
  }

  /** Since when a process can know of the reign in that STATE; null: it does not. */
  since({ name }: Process, state: GroupState): number | null {
    const reign = this.#known.get(name);
    return reign?.key === keyOf(state) ? reign.sinceMs : null;
  }
}

function keyOf({ masterEpoch, master }: GroupState): string {
  return `${masterEpoch} ${master?.node}`;
}

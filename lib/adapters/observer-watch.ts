import type { Clock } from "../ports/clock.ts";
import type { Heartbeat, Store } from "../ports/store.ts";

/** What one observer knows of the others, from their heartbeats. */
export interface OtherObserver {
  /** null: it has never sent one. */
  readonly heartbeat: Heartbeat | null;
  readonly isSilent: boolean;
}

/** Four heartbeats that did not come, and the whole of a shift. */
const silentAfterMs = 60_000;

interface Seen {
  readonly key: string;
  readonly sinceMs: number;
}

/**
 * Silent is a heartbeat that has not changed for a minute of this process's own clock, over all the shifts that it runs:
 * clocks of two machines are not compared. What could not be asked says nothing, and is left out.
 */
export function createObserverWatch(
  store: Pick<Store, "readHeartbeat">,
  clock: Pick<Clock, "nowMs">,
) {
  const seen = new Map<string, Seen>();
  return async (names: Iterable<string>): Promise<ReadonlyMap<string, OtherObserver>> => {
    const found = new Map<string, OtherObserver>();
    await Promise.all(
      [...new Set(names)].map(async (name) => {
        const read = await store.readHeartbeat(name);
        if (!read.ok) return;
        const heartbeat = read.value;
        const key = heartbeat === null ? "none" : `${heartbeat.shift} ${heartbeat.at}`;
        const nowMs = clock.nowMs();
        const before = seen.get(name);
        const sinceMs = before?.key === key ? before.sinceMs : nowMs;
        seen.set(name, { key, sinceMs });
        found.set(name, { heartbeat, isSilent: nowMs - sinceMs >= silentAfterMs });
      }),
    );
    return found;
  };
}

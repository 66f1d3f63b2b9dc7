import type { GroupConfig } from "../core/config.ts";
import type { Store } from "../ports/store.ts";
import { beatMsOf, type Heartbeats, readHeartbeats as read } from "../status/heartbeats.ts";
import type { CliContext } from "./context.ts";
import { needRead } from "./exit.ts";

/** Reads each of these observers' last heartbeat; who has never sent one is absent. */
export async function readHeartbeats(store: Store, names: Iterable<string>): Promise<Heartbeats> {
  return needRead(await read(store, names), "read the heartbeats");
}

export interface Heard {
  /** The last heartbeat of each observer that has ever sent one. */
  readonly last: Heartbeats;
  /** Who has sent one while we listened. */
  readonly fresh: ReadonlySet<string>;
  readonly listenedForMs: number;
}

const graceMs = 3_000;
/** So long at the most until every observer has had a look: its next start may be a minute away, where it watches by ticks. */
export const nextLookMs = 75_000;

const pollMs = 500;

/**
 * Fresh is a heartbeat that was written while we listened: a heartbeat's own time is its writer's clock, and clocks of
 * two machines are not compared where something depends on it. All is known after one interval, or after two.
 */
export async function listen(
  context: CliContext,
  store: Store,
  config: GroupConfig,
): Promise<Heard> {
  const { clock } = context;
  const startedAtMs = clock.nowMs();
  const first = await readHeartbeats(store, config.observers);
  const beats = config.observers.map((name) => beatMsOf(config, first.get(name)));
  const waitMs = 2 * Math.max(...beats) + graceMs;
  const last = new Map(first);
  const fresh = new Set<string>();
  // Where nobody has ever said anything there is nothing to listen to.
  if (first.size === 0) return { last, fresh, listenedForMs: 0 };
  if (context.terminal.isInteractive) {
    context.terminal.error(`listening to the observers for up to ${Math.ceil(waitMs / 1_000)} s`);
  }
  for (;;) {
    const listenedForMs = clock.nowMs() - startedAtMs;
    const missing = config.observers.filter((name) => !fresh.has(name));
    if (missing.length === 0 || listenedForMs >= waitMs) return { last, fresh, listenedForMs };
    await clock.sleep(pollMs);
    for (const [name, heartbeat] of await readHeartbeats(store, missing)) {
      last.set(name, heartbeat);
      const before = first.get(name);
      if (heartbeat.at !== before?.at || heartbeat.shift !== before.shift) fresh.add(name);
    }
  }
}

import { mostImpatientMs } from "../core/cadence.ts";
import type { GroupConfig } from "../core/config.ts";
import { type Result, success } from "../ports/errors.ts";
import type { Heartbeat, Store } from "../ports/store.ts";

/** The last heartbeat of each observer that has sent one. */
export type Heartbeats = ReadonlyMap<string, Heartbeat>;

/** Reads each of these observers' last heartbeat; who has never sent one is absent. The first failure is the answer. */
export async function readHeartbeats(
  store: Pick<Store, "readHeartbeat">,
  names: Iterable<string>,
): Promise<Result<Heartbeats>> {
  const read = await Promise.all(
    [...new Set(names)].map(async (name) => ({ name, got: await store.readHeartbeat(name) })),
  );
  const heartbeats = new Map<string, Heartbeat>();
  for (const { name, got } of read) {
    if (!got.ok) return { ...got, why: `the heartbeat of ${name}: ${got.why}` };
    if (got.value !== null) heartbeats.set(name, got.value);
  }
  return success(heartbeats);
}

/** How far apart heartbeats are: each says it of itself, because observers know their cadence and groups don't. */
export function beatMsOf(config: GroupConfig, heartbeat: Heartbeat | undefined): number {
  return heartbeat?.everyMs ?? mostImpatientMs([config.settings.heartbeatMs]);
}

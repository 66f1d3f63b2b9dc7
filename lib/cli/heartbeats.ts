import type { Heartbeat, Store } from "../ports/store.ts";
import { needRead } from "./exit.ts";

/** The last heartbeat of each observer that has sent one. */
export type Heartbeats = ReadonlyMap<string, Heartbeat>;

/** Reads each of these observers' last heartbeat; who has never sent one is absent. */
export async function readHeartbeats(store: Store, names: Iterable<string>): Promise<Heartbeats> {
  const read = await Promise.all(
    [...new Set(names)].map(async (name) => {
      const heartbeat = needRead(await store.readHeartbeat(name), `read the heartbeat of ${name}`);
      return heartbeat === null ? [] : [[name, heartbeat] as const];
    }),
  );
  return new Map(read.flat());
}

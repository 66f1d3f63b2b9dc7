import type { RedisServer } from "../../lab/redis/server.ts";
import { labGroup } from "../../lab/world.ts";
import { asking } from "./assess.ts";
import { idOf, type Rig } from "./rig.ts";

/** More than the kernel's buffers between two servers hold, and less than `maxLagBytes` is by default. */
const ballast = { keys: 12, bytes: 2_000_000 };

/**
 * Kills the master when it has written much that this replica, stopped meanwhile, has not read, and that every observer
 * knows of. The replica goes on afterwards, with what the kernel had for it.
 */
export async function killAhead(rig: Rig, master: RedisServer, replica: RedisServer) {
  rig.timeline.note(`${idOf(replica)} is stopped, and ${idOf(master)} goes on`);
  replica.pause();
  for (let key = 0; key < ballast.keys; key += 1) {
    await asking(master, (ask) => ask("SET", `ballast-${key}`, "x".repeat(ballast.bytes)));
  }
  const wanted = Number(await fieldOf(master, "master_repl_offset"));
  await rig.timeline.until("observers that know of it", async () => {
    for (const observer of rig.world.runners.keys()) {
      const read = await rig.world.store.readHeartbeat(observer);
      const report = read.ok ? read.value?.groups[labGroup] : undefined;
      const offset = report?.nodes[idOf(master)]?.offset ?? 0;
      if (offset < wanted) throw new Error(`${observer} knows of ${offset}, not of ${wanted}`);
    }
  });
  rig.timeline.note(`${idOf(master)} is killed`);
  await master.kill();
  replica.resume();
}

/** A field of a server's INFO. */
export async function fieldOf(node: RedisServer, name: string): Promise<string> {
  const info = String(await asking(node, (ask) => ask("INFO")));
  return new RegExp(`^${name}:(.*)$`, "m").exec(info)?.[1]?.trim() ?? "";
}

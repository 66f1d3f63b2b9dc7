import type { MasterRecord } from "../../lib/core/model.ts";
import type { SimRedis } from "./sim-redis.ts";

/** Whether a server's history and the recorded one are of one chain (protocol F5). */
export function sharesHistory(
  master: MasterRecord,
  node: Pick<SimRedis, "replid" | "replid2" | "offset">,
): boolean {
  if (node.replid === master.replid || node.replid2 === master.replid) return true;
  // Whoever kept the older history and wrote on beyond the fork has another one now.
  const isBehindFork = node.offset <= master.secondOffset;
  return master.replid2 !== null && node.replid === master.replid2 && isBehindFork;
}

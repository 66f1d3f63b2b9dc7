import { describeFences } from "./fence-suite.ts";
import { describeHandOvers } from "./hand-over-suite.ts";
import { describeOlder } from "./older-suite.ts";
import { describeProbes } from "./probe-suite.ts";
import type { RedisPlay } from "./redis-stage.ts";
import { describeRoles } from "./role-suite.ts";
import { describeStreams } from "./stream-suite.ts";
import { describeSyncs } from "./sync-suite.ts";
import { describeThaws } from "./thaw-suite.ts";

/** What the protocol takes for granted of a Redis server, whichever kind. */
export function describeRedis(name: string, play: RedisPlay): void {
  describeProbes(name, play);
  describeRoles(name, play);
  describeFences(name, play);
  describeThaws(name, play);
  describeStreams(name, play);
  describeOlder(name, play);
  describeSyncs(name, play);
  describeHandOvers(name, play);
}

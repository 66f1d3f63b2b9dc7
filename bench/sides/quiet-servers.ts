import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "../../lab/redis/server.ts";
import type { Stage } from "../measurement.ts";
import { replicaPingPeriodSeconds } from "./timings.ts";

/** A group of servers under one name. */
export interface ServerGroup {
  readonly name: string;
  readonly nodes: readonly RedisServer[];
}

/** Hundreds of servers share the machine with who is measured: they do their housekeeping once a second, not ten times. */
export const quietLines: readonly string[] = ["hz 1", "dynamic-hz no", "activerehashing no"];

type ServerStage = Pick<Stage, "processes" | "binary">;

const startedAtOnce = 8;

/** Starts so many groups of a master and its replicas, without any data. */
export async function startGroups(
  stage: ServerStage,
  names: readonly string[],
  nodesEach: number,
): Promise<readonly ServerGroup[]> {
  const waiting = [...names];
  const started: ServerGroup[] = [];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      started.push({ name, nodes: await startGroup(stage, nodesEach) });
    }
  };
  await Promise.all(Array.from({ length: startedAtOnce }, work));
  return started.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const attemptsMax = 5;

/** Free addresses may be taken by the next group before they are listened on: others are picked then. */
async function startGroup(stage: ServerStage, count: number): Promise<readonly RedisServer[]> {
  for (let attempt = 1; ; attempt += 1) {
    const nodes: RedisServer[] = [];
    try {
      const addresses = await pickNodeAddresses(count);
      for (const address of addresses)
        nodes.push(await startRedis(optionsOf(stage, address, nodes)));
      return nodes;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.dispose()));
      if (attempt >= attemptsMax) throw error;
    }
  }
}

function optionsOf(
  { binary, processes }: ServerStage,
  address: Pick<RedisServer, "host" | "port">,
  [master]: readonly RedisServer[],
): RedisServerOptions {
  const follows = master === undefined ? {} : { replicaOf: master };
  return { ...address, ...follows, binary, processes, replicaPingPeriodSeconds, extra: quietLines };
}

/** Names that sort as their numbers do. */
export function groupNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `g${String(index).padStart(4, "0")}`);
}

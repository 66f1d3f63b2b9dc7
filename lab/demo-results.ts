import { nameOf, withNode } from "./ask.ts";
import type { DemoSummary, Instants } from "./demo-summary.ts";
import { demoTargets, missedTargets } from "./demo-targets.ts";
import { queryA } from "./dns-query.ts";
import type { RedisBinary } from "./redis/find.ts";
import type { RedisServer } from "./redis/server.ts";
import { labConfigs, type World } from "./world.ts";
import type { Writer } from "./writer.ts";

/** The set that the demo's client adds its integers to. */
export const writesKey = "demo:writes";

export interface DemoResults {
  readonly world: World;
  readonly writer: Writer;
  readonly binary: RedisBinary;
  readonly newMaster: RedisServer | null;
  readonly epoch: number | null;
  readonly instants: Instants;
  readonly oldMaster: RedisServer;
  readonly rejoinMs: number | null;
}

/** Checks what the demo promises, and counts the writes on the new master against the acknowledged ones. */
export async function summarise(results: DemoResults): Promise<DemoSummary> {
  const { world, writer, newMaster, oldMaster, instants, rejoinMs, binary } = results;
  const problems: string[] = [];
  let lostWrites: number | null = null;
  if (newMaster === null) problems.push("no new master was committed");
  else {
    const isWritable = await withNode(newMaster, (redis) => redis.set("demo:probe", "1")).then(
      () => true,
      () => false,
    );
    if (!isWritable) problems.push(`${nameOf(newMaster)} does not take writes`);
    problems.push(...(await checkName(world, newMaster)));
    const kept = await withNode(newMaster, (redis) => redis.smembers(writesKey)).catch(() => null);
    if (kept === null) problems.push("the writes on the new master could not be counted");
    else {
      const values = new Set(kept.map(Number));
      lostWrites = writer.acknowledged.filter((value) => !values.has(value)).length;
    }
  }
  if (instants.firstWriteMs === null) problems.push("the client never wrote to the new master");
  if (rejoinMs === null) problems.push(`${nameOf(oldMaster)} did not become a replica`);
  const targets = targetsOf(world);
  return {
    ok: problems.length === 0,
    problems,
    server: `${binary.kind} ${binary.version}`,
    oldMaster: nameOf(oldMaster),
    newMaster: newMaster === null ? null : nameOf(newMaster),
    epoch: results.epoch,
    ...instants,
    acknowledgedWrites: writer.acknowledged.length,
    lostWrites,
    unansweredWrites: writer.unknown.size,
    rejoinMs,
    targets,
    missed: missedTargets({ ...instants, rejoinMs }, targets),
  };
}

async function checkName(world: World, newMaster: RedisServer): Promise<readonly string[]> {
  const server = { host: "127.0.0.1", port: world.route53.dnsPort };
  const problems = await Promise.all(
    (["udp", "tcp"] as const).map(async (transport) => {
      const found = await queryA(world.dnsName, server, transport).catch((error: Error) => [
        error.message,
      ]);
      const isRight = found.length === 1 && found[0] === newMaster.host;
      return isRight ? [] : [`${world.dnsName} answers ${found.join(", ")} over ${transport}`];
    }),
  );
  return problems.flat();
}

function targetsOf(world: World): DemoSummary["targets"] {
  const [config] = labConfigs(world);
  if (config === undefined) throw new Error("expected the lab to have a group");
  return demoTargets(config.settings, 1_000 * (config.dns?.ttlSeconds ?? 0));
}

import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, startRedis } from "../../lab/redis/server.ts";
import { labObservers, labZone, type World } from "../../lab/world.ts";
import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { idOf, settingLines } from "./rig.ts";

/** A master and a replica as another group beside the lab's own, in its table and its zone. */
export async function startGroup(world: World, name: string): Promise<readonly RedisServer[]> {
  const { processes } = world.options;
  const addresses = await pickNodeAddresses(2);
  const [master] = addresses;
  const nodes: RedisServer[] = [];
  for (const address of addresses) {
    const follows = address === master || master === undefined ? {} : { replicaOf: master };
    nodes.push(await startRedis({ ...address, ...follows, processes, persistence: "aof" }));
  }
  const text = [
    `observers: [${labObservers.join(", ")}]`,
    "groups:",
    `  - name: ${name}`,
    `    nodes: [${nodes.map((node) => `"${idOf(node)}"`).join(", ")}]`,
    `    dns: { zoneId: ${world.zoneId}, name: ${name}.${labZone}, ttl: 1, srv: true }`,
    ...settingLines().map((line) => `    ${line}`),
  ].join("\n");
  const loaded = loadConfig(text, `${name}.yml`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  for (const draft of loaded.groups) {
    const config = toGroupConfig(draft, 1);
    for (const node of config.nodes) await world.store.claimNode(node.id, config.name);
    await world.store.putConfig(config);
  }
  return nodes;
}

import { labTable, labZone, startObservers, startWorld, type World } from "../../lab/world.ts";
import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { Stage } from "../measurement.ts";
import { quietLines, type ServerGroup } from "./quiet-servers.ts";
import { replicaPingPeriodSeconds } from "./timings.ts";
import { need } from "./waiting.ts";

export interface ManyOptions {
  readonly observers: readonly string[];
  /** Lines of YAML that each group has. */
  readonly lines: readonly string[];
  readonly limitMs: number;
  /** A minute where it is absent. */
  readonly scheduleMs?: number;
  /** What is deployed where it is absent. */
  readonly memoryLimitMb?: number;
  readonly onLine?: (line: string) => void;
}

const shiftTimeoutMs = 900_000;

/** All these groups in one table and one zone, adopted and at rest; the lab's own group is one more. */
export async function startManyGroups(
  stage: Stage,
  groups: readonly ServerGroup[],
  options: ManyOptions,
): Promise<World> {
  const { observers, lines, limitMs, scheduleMs = 60_000, onLine } = options;
  const world = await startWorld({
    ...{ processes: stage.processes, binary: stage.binary, observers, replicaPingPeriodSeconds },
    ...{ nodeCount: 1, persistence: "none", groupLines: lines },
    ...{ scheduleMs, shiftTimeoutMs },
    serverOptions: () => ({ extra: quietLines }),
    ...(options.memoryLimitMb === undefined ? {} : { memoryLimitMb: options.memoryLimitMb }),
    onLine: (_observer, line) => onLine?.(line),
  });
  await apply(world, groups, options);
  await startObservers(world);
  for (const { name } of groups) {
    await need(`${name} to be at rest`, () => isAtRest(world, name), limitMs);
  }
  return world;
}

async function apply(world: World, groups: readonly ServerGroup[], options: ManyOptions) {
  const text = [
    `observers: [${options.observers.join(", ")}]`,
    "groups:",
    ...groups.flatMap(({ name, nodes }) => [
      `  - name: ${name}`,
      `    nodes: [${nodes.map(({ host, port }) => `"${host}:${port}"`).join(", ")}]`,
      `    dns: { zoneId: ${world.zoneId}, name: ${dnsNameOf(name)}, ttl: 1, srv: true }`,
      ...options.lines.map((line) => `    ${line}`),
    ]),
  ].join("\n");
  const loaded = loadConfig(text, `${labTable}.yml`);
  if (!loaded.ok) throw new Error(`Expected a valid file, got ${JSON.stringify(loaded)}`);
  for (const draft of loaded.groups) {
    const config = toGroupConfig(draft, 1);
    for (const node of config.nodes) await world.store.claimNode(node.id, config.name);
    const put = await world.store.putConfig(config);
    if (!put.ok) throw new Error(put.why);
  }
}

export function dnsNameOf(group: string): string {
  return `${group}.${labZone}`;
}

async function isAtRest(world: World, group: string): Promise<boolean> {
  const stored = await world.store.readState(group);
  if (!stored.ok || stored.value.kind !== "state") return false;
  const { phase, master, published } = stored.value.state;
  return phase === "steady" && master !== null && published?.node === master.node;
}

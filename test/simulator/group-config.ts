import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { GroupConfig } from "../../lib/core/config.ts";

export const observers = ["a", "b", "c"] as const;
/** In order: a group has the first three, or all of them. */
export const observerNames = [...observers, "d", "e"] as const;
export const groupName = "orders";

/** The simulated group through the real loader: three observers, three nodes, a name, and lines of YAML on top; `observers` is of the file. */
export function simConfig(
  lines: readonly string[],
  version = 1,
  names: readonly string[] = observers,
): GroupConfig {
  const isOfAll = (line: string) => line.startsWith("observers:");
  const [ofAll = `observers: [${names.join(", ")}]`] = lines.filter(isOfAll);
  const groupLines = lines.filter((line) => !isOfAll(line));
  const own = new Set(groupLines.map((line) => line.split(":")[0]?.trim()));
  const defaults = [
    'nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]',
    "dns: { zoneId: Z0123456789ABCDEFGHIJ, name: orders.sim.test, ttl: 1, srv: false }",
  ].filter((line) => !own.has(line.split(":")[0]));
  const text = [
    ofAll,
    "groups:",
    `  - name: ${groupName}`,
    ...[...defaults, ...groupLines].map((line) => `    ${line}`),
    "",
  ].join("\n");
  const loaded = loadConfig(text, "sim.yml");
  if (!loaded.ok) {
    throw new Error(`the simulator's configuration is refused: ${JSON.stringify(loaded.problems)}`);
  }
  const [draft] = loaded.groups;
  if (draft === undefined) throw new Error("expected one group");
  return toGroupConfig(draft, version);
}

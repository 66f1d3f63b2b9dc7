import { beforeEach, expect, test } from "@jest/globals";
import { kindsByPart } from "../../lib/cli/doctor/kinds.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { wantedRecords } from "../../lib/core/records.ts";
import type { NodeSetup } from "../../lib/core/rehearsal.ts";
import { success } from "../../lib/ports/errors.ts";
import type { GroupReport, NodeReport } from "../../lib/ports/store.ts";
import { type Cli, configOf, createCli, heartbeatOf, plant, steadyState } from "../support/cli.ts";
import { nodeSetup } from "../support/setup.ts";
import { nodeReport } from "./status-stage.ts";

/** A group of which `doctor` has nothing to say, told to a command line of its own for each test. */

export const n1 = "10.0.0.1:6379";
export const n2 = "10.0.0.2:6379";
export const n3 = "10.0.0.3:6379";

export const text = `observers: [a, b, c]
groups:
  - name: orders
    nodes:
      - { probe: "${n1}", zone: za, region: r1 }
      - { probe: "${n2}", zone: zb, region: r1 }
      - { probe: "${n3}", zone: zc, region: r1 }
    dns: { zoneId: Z1, name: orders.redis.test, ttl: 5 }
`;

export let cli: Cli;

beforeEach(() => {
  cli = createCli();
  prepare(text);
});

/** The healthy group of this file, and three observers that say so. */
export function prepare(yaml: string): GroupConfig {
  const config = configOf(yaml);
  const [master] = config.nodes;
  if (master === undefined) throw new Error("expected a node");
  plant(cli, config, steadyState(config, master.id));
  const { dns } = config;
  if (dns !== undefined) {
    const owner = { deployment: "test", group: config.name, epoch: 1 };
    cli.records = success(wantedRecords(config, dns, owner, master.publish));
    cli.zones.set(dns.zoneId, success("redis.test."));
    cli.resolution = success({
      addresses: [master.publish.host],
      alias: null,
      ports: [],
      ttlSeconds: 5,
    });
  }
  for (const observer of config.observers) report(observer, {}, nodesOf(config));
  return config;
}

export function nodesOf(config: GroupConfig): Readonly<Record<string, NodeReport>> {
  return Object.fromEntries(
    config.nodes.map(({ id }, index) => [
      id,
      nodeReport({
        role: index === 0 ? "master" : "replica",
        isLinkUp: index === 0 ? null : true,
        setup: nodeSetup(),
      }),
    ]),
  );
}

/** What an observer says of the group; of the nodes nothing new where none is given. */
export function report(
  observer: string,
  change: Partial<GroupReport>,
  nodes?: Readonly<Record<string, NodeReport>>,
): void {
  const before = cli.store.heartbeats.get(observer)?.groups.orders?.nodes ?? {};
  heartbeatOf(cli, observer, "orders", { nodes: nodes ?? before, ...change });
}

/** What these observers see of one node differs by this. */
export function seen(
  node: string,
  change: Partial<NodeReport>,
  observers: readonly string[] = ["a", "b", "c"],
): void {
  for (const observer of observers) {
    const nodes = cli.store.heartbeats.get(observer)?.groups.orders?.nodes ?? {};
    const before = nodes[node] ?? nodeReport({ setup: nodeSetup() });
    report(observer, {}, { ...nodes, [node]: { ...before, ...change } });
  }
}

export function setUp(node: string, change: Partial<NodeSetup>): void {
  seen(node, { setup: nodeSetup(change) });
}

export interface Found {
  readonly id: string;
  readonly severity: string;
  readonly group: string | null;
  readonly about: string | null;
  readonly evidence: string;
  readonly see: string;
}

/** What `doctor --json` finds now. */
export async function diagnose(): Promise<readonly Found[]> {
  await cli.run("doctor", "--json");
  const found: { findings: readonly Found[] } = JSON.parse(cli.lines.at(-1) ?? "");
  return found.findings;
}

export const everybody = ["a", "b", "c"] as const;

export function setState(change: (state: GroupState) => GroupState): void {
  const state = cli.store.states.get("orders");
  if (state === undefined) throw new Error("expected a state");
  cli.store.states.set("orders", change(state));
}

/** A group of its own, where this file's is not the one that is needed. */
export function prepareWith(from: string | RegExp, to: string): void {
  prepare(text.replace(from, to));
}

/** One finding, what it must say, and what makes it so. */
export interface Row {
  readonly about: string | null;
  readonly evidence: string;
  readonly cause: () => void;
}

/** Each finding of a part is missing in a healthy group and there once its cause is; none of them may go untested. */
export function checkRows(part: string, rows: Readonly<Record<string, Row>>): void {
  test.each(Object.entries(rows))("%s", async (id, { about, evidence, cause }) => {
    expect(await diagnose()).toEqual([]);
    cause();
    const found = await diagnose();
    const kind = kindsByPart[part]?.[id];
    expect(found).toContainEqual(
      expect.objectContaining({ id, about, evidence: expect.stringContaining(evidence), ...kind }),
    );
  });

  test(`each of those under "${part}"`, () => {
    expect(Object.keys(rows).sort()).toEqual(Object.keys(kindsByPart[part] ?? {}).sort());
  });
}

import { beforeEach } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { wantedRecords } from "../../lib/core/records.ts";
import { success } from "../../lib/ports/errors.ts";
import type { NodeReport } from "../../lib/ports/store.ts";
import {
  type Cli,
  configOf,
  createCli,
  groupsText,
  heartbeatOf,
  plant,
  steadyState,
} from "../support/cli.ts";

/** A healthy group, told to a command line of its own for each test. */

export const text = `${groupsText}    dns: { zoneId: Z1, name: orders.redis.test, ttl: 5 }\n`;
export const config = configOf(text);
export const steady = steadyState(config);
export const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };
const address = { host: "10.0.0.1", port: 6379 };
const dns = { zoneId: "Z1", name: "orders.redis.test", ttlSeconds: 5, srv: false };
export const owner = { deployment: "test", group: "orders", epoch: 1 };
export const published = wantedRecords(config, dns, owner, address);

export const nodes: Readonly<Record<string, NodeReport>> = {
  "10.0.0.1:6379": nodeReport({ role: "master", offset: 1000, isLinkUp: null }),
  "10.0.0.2:6379": nodeReport({ offset: 990 }),
  "10.0.0.3:6379": nodeReport({
    offset: null,
    verdict: "down(silent)",
    role: null,
    latencyMs: null,
    isLinkUp: false,
  }),
};

export function nodeReport(report: Partial<NodeReport>): NodeReport {
  return {
    verdict: "up",
    role: "replica",
    offset: 1000,
    replid: "r1",
    isLinkUp: true,
    latencyMs: 1.4,
    unfit: null,
    oddities: [],
    ...report,
  };
}

export let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, steady);
  cli.records = success(published);
  cli.resolution = success({ addresses: ["10.0.0.1"], alias: null, ports: [], ttlSeconds: 4 });
  for (const name of ["a", "b", "c"]) heartbeatOf(cli, name, "orders", { nodes });
});

export function setState(state: GroupState): void {
  cli.store.states.set("orders", state);
}

/** What is wrong, by the JSON form. */
export async function problems(): Promise<readonly string[]> {
  await cli.run("status", "--json");
  const report: { groups: readonly { problems: readonly string[] }[] } = JSON.parse(
    cli.lines.at(-1) ?? "",
  );
  return report.groups.flatMap((group) => group.problems);
}

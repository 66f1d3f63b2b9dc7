import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { afterEach, expect, test } from "@jest/globals";
import { asking } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

let folder = "";

afterEach(async () => {
  await stopRigs();
  await rm(folder, { recursive: true, force: true });
});

async function apply(rig: Rig, text: string) {
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-remove-"));
  const file = join(folder, "groups.yml");
  await writeFile(file, text);
  return await rig.cli("apply", "-f", file, "--yes", "--wait");
}

function zoneOf({ world }: Rig): Route53Client {
  return new Route53Client({
    endpoint: world.route53.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
  });
}

async function recordsOf(rig: Rig) {
  const list = new ListResourceRecordSetsCommand({ HostedZoneId: rig.world.zoneId });
  const { ResourceRecordSets: sets = [] } = await zoneOf(rig).send(list);
  return sets.filter((one) => ["A", "TXT", "SRV"].includes(one.Type ?? ""));
}

/** Who watches which groups, by the last heartbeats. */
async function watchersOf(rig: Rig, group: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of rig.world.runners.keys()) {
    const read = await rig.world.store.readHeartbeat(name);
    if (read.ok && read.value !== null && group in read.value.groups) names.push(name);
  }
  return names;
}

async function expectHealthy(rig: Rig, group: string): Promise<void> {
  await rig.timeline.until(`${group} to be healthy`, async () => {
    const { code, stdout } = await rig.cli("status", group);
    if (code !== 0) throw new Error(stdout);
  });
}

test("a group is removed while it is watched, comes back with another master, and is renamed", async () => {
  // Prepare
  const rig = await startRig();
  const [first, second, third] = rig.world.nodes;
  if (first === undefined || second === undefined || third === undefined) throw new Error("nodes?");
  const before = await rig.state();
  const published = await recordsOf(rig);

  // Act: removed; then its master dies, and nobody cares
  const removed = await rig.cli("remove", "orders", "--yes");
  await rig.timeline.until("no watcher", async () => {
    const watchers = await watchersOf(rig, "orders");
    if (watchers.length > 0) throw new Error(watchers.join());
  });
  const since = rig.timeline.mark();
  await first.kill();
  await sleep(4_000);
  const unheard = rig.timeline.entries.slice(since).filter((one) => one.group === "orders");
  const untouched = await recordsOf(rig);

  // Assess
  expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining("orders is removed") });
  expect(rig.timeline.named("-monitor").map((one) => one.rule)).toContain("F125");
  expect(unheard).toEqual([]);
  expect(untouched).toEqual(published);
  expect(await rig.state()).toMatchObject({ epoch: before.epoch, master: null });
  expect(await asking(second, (ask) => ask("EXISTS", "lambda-sentinel:{orders}:epoch"))).toBe(1);

  // Act: somebody else has promoted the second one; the name is added again
  await asking(second, (ask) => ask("REPLICAOF", "NO", "ONE"));
  await asking(third, (ask) => ask("REPLICAOF", second.host, second.port));
  const again = await apply(rig, rig.world.configText);
  await rig.timeline.until("an adoption", async () => {
    const { master, phase } = await rig.state();
    if (master?.node !== idOf(second) || phase !== "steady") throw new Error(`${master?.node}`);
  });
  const back = await rig.state();

  // Assess
  expect(again).toMatchObject({ code: 0 });
  expect(back.epoch).toBeGreaterThan(before.epoch);
  expect(back.published).toEqual({ epoch: back.masterEpoch, node: idOf(second) });

  // Act: renamed, as docs/cli.md has it
  await rig.cli("remove", "orders", "--yes");
  const companions = (await recordsOf(rig)).filter((one) => one.Type === "TXT");
  const addresses = (await recordsOf(rig)).filter((one) => one.Type === "A");
  await zoneOf(rig).send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: rig.world.zoneId,
      ChangeBatch: {
        Changes: companions.map((record) => ({ Action: "DELETE", ResourceRecordSet: record })),
      },
    }),
  );
  const renamed = await apply(rig, rig.world.configText.replace("name: orders\n", "name: sales\n"));
  await expectHealthy(rig, "sales");

  // Assess
  expect(renamed.code).toBe(0);
  expect(await watchersOf(rig, "orders")).toEqual([]);
  expect((await rig.state("sales")).master?.node).toBe(idOf(second));
  const after = await recordsOf(rig);
  expect(after.filter((one) => one.Type === "A")).toEqual(addresses);
  expect(JSON.stringify(after.filter((one) => one.Type === "TXT"))).toContain("group=sales");
}, 120_000);

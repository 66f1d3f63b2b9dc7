import { afterEach, expect, test } from "@jest/globals";
import { aclLine, anyGroup } from "../../lib/config/acl.ts";
import { asking, expectSettled, expectWrites } from "../support/assess.ts";
import { type Parameters, startParameters } from "../support/parameters.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";

let parameters: Parameters | null = null;

afterEach(async () => {
  await stopRigs();
  await parameters?.close();
});

const parameter = "/redis/orders";
const words = ["canary-first", "canary-second", "canary-third"] as const;

/** Another password for the observers' user, on every server that runs; connections that stand go on. */
async function rotate(rig: Rig, store: Parameters, word: string): Promise<void> {
  for (const node of rig.world.nodes.filter((one) => one.isRunning)) {
    await asking(node, (ask) => ask("ACL", "SETUSER", "watcher", "resetpass", `>${word}`));
  }
  store.set(parameter, word);
}

/** Cuts the observers off, so that each has to log in again. */
async function cutOff(rig: Rig): Promise<void> {
  for (const node of rig.world.nodes) {
    await asking(node, (ask) => ask("CLIENT", "KILL", "USER", "watcher"));
  }
}

async function expectHealthy(rig: Rig): Promise<void> {
  await rig.timeline.until("a healthy group", async () => {
    const { code, stdout } = await rig.cli("status", "orders");
    if (code !== 0) throw new Error(stdout);
  });
}

test("a password that changes under running observers is known in the same shift, also in a failover", async () => {
  // Prepare
  const store = await startParameters();
  parameters = store;
  store.set(parameter, words[0]);
  const line = aclLine({ ...anyGroup, group: "orders" });
  const users = [
    "user default on nopass ~* &* +@all",
    line.replace(">a-long-password", `>${words[0]}`),
  ];
  const rig = await startRig({
    serverOptions: () => ({ aclLines: users }),
    groupLines: [`auth: { username: watcher, password: "ssm:${parameter}" }`],
    functionEnv: { AWS_ENDPOINT_URL_SSM: store.endpoint },
  });
  const { timeline } = rig;
  const before = await rig.state();
  const readAtStart = store.asked.length;
  const oldMaster = rig.node(before.master?.node ?? "");

  // Act: once with nobody left who is logged in, once with everybody.
  await rotate(rig, store, words[1]);
  await cutOff(rig);
  await timeline.eventually("a refused login", (one) => one.message.includes("is denied"));
  await expectHealthy(rig);
  const afterCut = await rig.state();
  const readAfterCut = store.asked.length - readAtStart;
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 20);
  await rotate(rig, store, words[2]);
  await oldMaster.kill();
  const switched = await timeline.eventually("a switch", (one) => one.event === "+switch-master", {
    limitMs: 40_000,
  });
  await expectSettled(rig, switched.node ?? "");
  await expectWrites(rig, writer, 20);
  await writer.stop();

  // Assess
  expect(afterCut.epoch).toBe(before.epoch);
  expect(timeline.named("+sdown").filter((one) => one.node !== switched.evidence.from)).toEqual([]);
  expect(readAfterCut).toBeGreaterThanOrEqual(1);
  expect(readAfterCut).toBeLessThanOrEqual(6);
  expect((await rig.state()).epoch).toBe(before.epoch + 1);
  expect(JSON.stringify(timeline.entries)).not.toContain("canary");
}, 120_000);

import { afterEach, expect, test } from "@jest/globals";
import { tlsPortOf } from "../../lab/redis/config-file.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import { asking, bytesOf, expectWrites, lossOf, lostOn } from "../support/assess.ts";
import { makeCertificate } from "../support/certificate.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const servers = makeCertificate({ dnsName: "redis.test" });
const observers = makeCertificate({ dnsName: "observer.test" });

/** Its name in the group: where it speaks TLS. */
function tlsIdOf({ host, port }: Pick<RedisServer, "host" | "port">): string {
  return `${host}:${tlsPortOf(port)}`;
}

/** Waits until this node follows the other one over TLS, and has its data. */
async function isFollowing(node: RedisServer, master: RedisServer): Promise<void> {
  const role = await asking(node, (ask) => ask("ROLE"));
  const wanted = ["slave", master.host, tlsPortOf(master.port), "connected"];
  const got = Array.isArray(role) ? role.slice(0, 4) : [];
  if (got.join() !== wanted.join()) throw new Error(`${idOf(node)} says ${got.join()}`);
}

test("servers that replicate over TLS and demand a certificate are failed over, and the old master follows", async () => {
  // Prepare: clients of the group use the plain port, observers and replicas the other one alone.
  const rig = await startRig({
    serverOptions: () => ({ tls: { ...servers, ca: servers.cert + observers.cert } }),
    nodeEntry: (node) => `{ probe: "${tlsIdOf(node)}", publish: "${idOf(node)}" }`,
    groupLines: [
      'tls: { servername: redis.test, ca: "env:OUR_CA", cert: "env:OUR_CERT", key: "env:OUR_KEY" }',
    ],
    functionEnv: {
      OUR_CA: servers.cert,
      OUR_CERT: observers.cert,
      OUR_KEY: observers.key,
    },
  });
  const { timeline, world } = rig;
  const before = await rig.state();
  const oldMaster = world.nodes.find((node) => tlsIdOf(node) === before.master?.node);
  if (oldMaster === undefined) throw new Error("expected a master by its TLS port");
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 50);
  const calm = await rig.cli("status", "orders");

  // Act
  await oldMaster.kill();
  const switched = await timeline.eventually("a switch", (one) => one.event === "+switch-master");
  const newMaster = world.nodes.find((node) => tlsIdOf(node) === switched.node);
  if (newMaster === undefined) throw new Error(`expected a node, got ${switched.node}`);
  await expectWrites(rig, writer, 50);
  await oldMaster.restart();
  await timeline.until("everybody to follow the new master", async () => {
    const { phase } = await rig.state();
    if (phase !== "steady") throw new Error(`phase ${phase}`);
    for (const node of rig.others(idOf(newMaster))) await isFollowing(node, newMaster);
  });
  await writer.stop();
  const lost = await lostOn(newMaster, writer);
  const loss = await lossOf(rig);
  const asked = await rig.cli("switchover", "orders", "--yes");
  await timeline.until("the switchover", async () => {
    const { lastEpoch, phase } = await rig.state();
    if (lastEpoch?.kind !== "switchover" || phase !== "steady") throw new Error("not yet");
  });
  const later = rig.startWriter({ key: "later" });
  await expectWrites(rig, later, 20);
  await later.stop();

  // Assess
  const after = await rig.state();
  expect(calm).toMatchObject({ code: 0, stdout: expect.stringContaining("healthy") });
  expect(asked.code).toBe(0);
  expect(after.epoch).toBe(before.epoch + 2);
  expect(bytesOf(lost)).toBeLessThanOrEqual(loss.bytes ?? 0);
  expect(timeline.named("+oddity")).toEqual([]);
  expect(JSON.stringify(timeline.entries)).not.toContain("PRIVATE KEY");
}, 90_000);

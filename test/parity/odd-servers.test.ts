import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { openRoute, type TcpRoute } from "../../lab/tcp-route.ts";
import { labGroup, labTable } from "../../lab/world.ts";
import { stateKey, toItem } from "../../lib/adapters/dynamo-codec.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { asking, expectSettled, rolesOf } from "../support/assess.ts";
import { startSentinel } from "../support/real-sentinel.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

const routes: TcpRoute[] = [];

afterEach(async () => {
  await stopRigs();
  await Promise.all(routes.splice(0).map((route) => route.close()));
});

/** Starts a node again with another configuration file, as its operator would. */
async function reconfigure(node: RedisServer, change: (text: string) => string): Promise<void> {
  await node.stop();
  const file = join(node.dir, "redis.conf");
  await writeFile(file, change(await readFile(file, "utf8")));
  await node.restart();
}

/** What is no Redis: it answers whatever it is told as a web server does. */
async function startWebServer({ host, port }: RedisServer) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    stop: async (): Promise<void> => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function configure(node: RedisServer, name: string, value: string): Promise<unknown> {
  return asking(node, (ask) => ask("CONFIG", "SET", name, value));
}

/** Waits until an observer refuses the group's adoption for this reason, and nobody has adopted it. */
async function expectRefused(rig: Rig, since: number, ...words: readonly string[]): Promise<void> {
  await rig.timeline.eventually(
    `a refusal: ${words.join(" … ")}`,
    (one) => one.rule === "B240" && words.every((word) => one.message.includes(word)),
    { since },
  );
  expect((await rig.state()).master).toBeNull();
}

describe("a group that could not be failed over", () => {
  test("is refused with a reason for each oddity, touched by nobody, and adopted when the last is mended", async () => {
    // Prepare: two nodes take writes, and one knows no REPLICAOF. The last one stands between the group and its adoption
    // while the others start again: a node that is down at the bootstrap holds nobody up.
    const rig = await startRig({
      isNeverCalm: true,
      nodeCount: 4,
      serverOptions: (index) =>
        index === 1 || index === 3
          ? { extra: ["replica-read-only no"] }
          : index === 2
            ? { extra: ['rename-command REPLICAOF ""'] }
            : {},
    });
    const [master, second, third, last] = rig.world.nodes;
    if (!master || !second || !third || !last) throw new Error("expected four nodes");
    const follow = (node: RedisServer, of: RedisServer) =>
      asking(node, (ask) => ask("REPLICAOF", of.host, of.port));
    let since = 0;
    const refused = async (...words: readonly string[]): Promise<void> => {
      await expectRefused(rig, since, ...words);
      since = rig.timeline.mark();
    };

    // Act and assess, one after the other.
    await refused(idOf(second), "takes writes of its own", "set replica-read-only to yes");
    await configure(second, "replica-read-only", "yes");
    await refused(idOf(third), "refuses REPLICAOF", "undo rename-command");

    await reconfigure(third, (text) => text.replace(/rename-command.*/, 'rename-command INFO ""'));
    await refused(idOf(third), "INFO is refused");

    await reconfigure(third, (text) =>
      text.replace(/rename-command.*/, "cluster-enabled yes").replace(/^replicaof.*$/m, ""),
    );
    await refused(idOf(third), "runs in cluster mode");

    await third.stop();
    const sentinel = await startSentinel(third);
    await refused(idOf(third), "is no Redis server", "a Redis Sentinel listens here");
    await sentinel.stop();

    const web = await startWebServer(third);
    await refused(idOf(third), "is no Redis server", "expected the Redis protocol");
    await web.stop();

    await reconfigure(third, (text) => text.replace("cluster-enabled yes", ""));
    await follow(third, second);
    await configure(last, "replica-read-only", "yes");
    await refused(idOf(third), `follows ${idOf(second)}, not ${idOf(master)}`);

    await follow(second, third);
    await refused("follows", `not ${idOf(master)}`);

    await configure(second, "masterauth", "canary-word");
    await refused("has no masterauth", "on every node");
    await follow(second, master);
    await follow(third, master);

    const before = await rolesOf(rig.world.nodes);
    await configure(second, "masterauth", "");
    await expectSettled(rig, idOf(master));
    expect(before.map((one) => one.role)).toEqual(["master", "replica", "replica", "replica"]);
    expect((await rig.state()).epoch).toBe(1);
    expect(JSON.stringify(rig.timeline.entries)).not.toContain("canary-word");
  }, 120_000);
});

describe("a group in calm", () => {
  test("a node of another group, a second name of the master, an unfit replica and an old STATE are told and change nothing", async () => {
    // Prepare
    const rig = await startRig({ scheduleMs: 20_000 });
    const adopted = await rig.state();
    const master = rig.node(adopted.master?.node ?? "");
    const [replica, other] = rig.others(idOf(master));
    if (replica === undefined || other === undefined) throw new Error("expected two replicas");

    // A second group claims a node of the first.
    const stolen = await applying(rig, (text) =>
      text
        .replaceAll(labGroup, "carts")
        .replace(/nodes: \[.*\]/, `nodes: ["${idOf(replica)}", "127.0.0.1:1"]`)
        .replace(/dns: .*/, ""),
    );
    expect(stolen.code).not.toBe(0);
    expect(stolen.stdout + stolen.stderr).toMatch(new RegExp(`${idOf(replica)}.*${labGroup}`));
    const configs = await rig.world.store.listConfigs();
    expect(configs.ok && configs.value.map((one) => one.name)).toEqual([labGroup]);

    // The master under a second name.
    const route = await openRoute(master);
    routes.push(route);
    const aliased = await applying(rig, (text) =>
      text.replace(/(nodes: \[.*)\]/, `$1, "${route.address}"]`),
    );
    expect(aliased.code).toBe(0);
    await rig.timeline.eventually(
      "the second name told of",
      (one) => one.event === "+oddity" && one.evidence.oddity === "same-server",
    );
    await rig.timeline.eventually(
      "a look after it",
      (one) => one.event === "+oddity" && one.node === route.address,
    );

    // A replica that takes writes, and another one that forbids its promotion.
    await configure(replica, "replica-read-only", "no");
    await asking(other, (ask) => ask("ACL", "SETUSER", "default", "-replicaof"));
    for (const [node, oddity] of [
      [replica, "writable-replica"],
      [other, "no-replicaof"],
    ] as const) {
      await rig.timeline.eventually(
        `${oddity} told of`,
        (one) =>
          one.event === "+oddity" && one.node === idOf(node) && one.evidence.oddity === oddity,
        { limitMs: 45_000 },
      );
    }
    const status = await rig.timeline.until("an unhealthy group", async () => {
      const shown = await rig.cli("status", labGroup);
      if (!shown.stdout.includes("no node could take the master's place"))
        throw new Error(shown.stdout);
      return shown;
    });
    expect(status.code).toBe(1);
    expect(status.stdout).toContain("refuses REPLICAOF");
    expect((await rolesOf([master]))[0]?.role).toBe("master");
    expect(await rig.state()).toMatchObject({ epoch: adopted.epoch, master: adopted.master });

    // With both of them mended, and the second name gone, a failover; then STATE is put back to before it.
    await configure(replica, "replica-read-only", "yes");
    await asking(other, (ask) => ask("ACL", "SETUSER", "default", "+replicaof"));
    await applying(rig, (text) => text);
    const old = await calmState(rig);
    const asked = await rig.cli("failover", labGroup, "--to", idOf(replica), "--yes");
    expect(asked.code).toBe(0);
    await expectSettled(rig, idOf(replica));
    const since = rig.timeline.mark();
    await putBack(rig, old);
    const page = await rig.timeline.eventually("hands off", (one) => one.rule === "F150", {
      since,
    });
    expect(page.message).toContain("marker");
    const roles = await rolesOf(rig.world.nodes);
    expect(roles.filter((one) => one.role === "master").map((one) => one.node)).toEqual([
      idOf(replica),
    ]);
    const { master: restored, epoch } = await rig.state();
    expect({ node: restored?.node, epoch }).toEqual({ node: idOf(master), epoch: old.epoch });
  }, 180_000);
});

/** `apply` of the rig's own file, changed like this. */
async function applying(rig: Rig, change: (text: string) => string) {
  const [node] = rig.world.nodes;
  const file = join(node?.dir ?? "", "groups.yml");
  await writeFile(file, change(rig.world.configText));
  return await rig.cli("apply", "--file", file, "--yes", "--wait");
}

/** Writes the item as a restore from a backup would: as it was, whatever stands there now. */
async function putBack(rig: Rig, state: GroupState): Promise<void> {
  const { endpoint } = rig.world.dynamo;
  const credentials = { accessKeyId: "lab", secretAccessKey: "lab" };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  const item = toItem(stateKey(state.group), state);
  await client.send(new PutItemCommand({ TableName: labTable, Item: item }));
  client.destroy();
}

/** STATE in calm, with every observer's configuration adopted. */
function calmState(rig: Rig): Promise<GroupState> {
  return rig.timeline.until("a calm group", async () => {
    const state = await rig.state();
    if (state.phase !== "steady") throw new Error(state.phase);
    return state;
  });
}

import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type Connection, openConnection } from "../../lib/adapters/redis-connection.ts";
import type { Address } from "../../lib/core/config.ts";
import { failure } from "../../lib/ports/errors.ts";
import { impatient, markerKey, nodeAt, RedisLab, until, wants } from "../support/redis-lab.ts";

const lab = new RedisLab();
const strangers: Server[] = [];

afterEach(async () => {
  await lab.close();
  await Promise.all(
    strangers.splice(0).map(async (server) => {
      server.close();
      await once(server, "close");
    }),
  );
});

/** A TCP server that greets everybody with this, and hangs up. */
async function startStranger(greeting: string): Promise<Address> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
    socket.end(greeting);
  });
  strangers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return { host: "127.0.0.1", port: address.port };
}

describe("a probe of a live node", () => {
  test("brings PONG, role and facts in one sample, over one kept connection", async () => {
    const { master, replica } = await lab.startPair();
    const nodes = lab.nodes();
    await lab.client(master).set(markerKey, 7);

    const first = await nodes.probe(nodeAt(master), wants);
    const second = await nodes.probe(nodeAt(master), wants);
    await until(async () => {
      const seen = await nodes.probe(nodeAt(replica), wants);
      return seen.facts?.marker === 7;
    });
    const ofReplica = await nodes.probe(nodeAt(replica), wants);

    expect(first).toMatchObject({
      node: `${master.host}:${master.port}`,
      reply: { kind: "pong" },
      isFreshConnect: true,
      role: { role: "master" },
      facts: {
        role: "master",
        version: master.binary.version,
        marker: 7,
        keys: 2,
        hasSynced: true,
        isLoading: false,
        replPingMs: 1_000,
        sentinels: 0,
        failoverState: "no-failover",
      },
    });
    expect(second.isFreshConnect).toBe(false);
    expect(ofReplica.facts).toMatchObject({
      role: "replica",
      masterHost: master.host,
      masterPort: master.port,
      isLinkUp: true,
      replid: first.facts?.replid,
      keys: 2,
    });
    expect(first.receivedAtMs).toBeGreaterThanOrEqual(first.sentAtMs);
  });

  test("without INFO brings the role and the offset alone", async () => {
    const sample = await lab.nodes().probe(nodeAt(await lab.start()), { ...wants, info: false });

    expect(sample).toMatchObject({ reply: { kind: "pong" }, role: { role: "master", offset: 0 } });
    expect(sample).not.toHaveProperty("facts");
  });

  test("does not take the place that ROLE shows of a replica without a link for an offset", async () => {
    const { master, replica } = await lab.startPair();
    const nodes = lab.nodes();
    await lab.client(master).set("further", 1);
    await until(async () => (await lab.client(replica).get("further")) === "1");
    await master.kill();
    await until(async () => {
      const { facts } = await nodes.probe(nodeAt(replica), wants);
      return facts?.isLinkUp === false;
    });

    const sample = await nodes.probe(nodeAt(replica), { ...wants, info: false });
    const { facts } = await nodes.probe(nodeAt(replica), wants);

    expect(sample.role).toEqual({ role: "replica", offset: null });
    expect(facts?.offset).toBeGreaterThan(0);
  });

  test("knows no marker for a group that opted out, and an absent one for the others", async () => {
    const node = nodeAt(await lab.start());

    const without = await lab.nodes({ markerKey: null }).probe(node, wants);
    const absent = await lab.nodes().probe(node, wants);

    expect(without.facts?.marker).toBeUndefined();
    expect(absent.facts?.marker).toBeNull();
  });

  test("counts the Redis Sentinels that manage it by their connections", async () => {
    const server = await lab.start();
    const sentinel = lab.client(server);
    await sentinel.client("SETNAME", "sentinel-0123abcd-pubsub");
    await sentinel.subscribe("__sentinel__:hello");

    const nodes = lab.nodes();
    const sample = await nodes.probe(nodeAt(server), wants);
    await sentinel.quit();
    const later = await nodes.probe(nodeAt(server), wants);

    expect(sample.facts?.sentinels).toBe(1);
    expect(later).toMatchObject({ isFreshConnect: false, facts: { sentinels: 0 } });
  });
});

describe("a probe that gets no answer", () => {
  test("N1 refused: nobody listens there", async () => {
    const [address] = await pickNodeAddresses(1);
    if (address === undefined) throw new Error("expected an address");

    const sample = await lab.nodes().probe(nodeAt(address), wants);

    expect(sample).toMatchObject({ reply: { kind: "refused" }, isFreshConnect: true });
  });

  test("N1 a killed server is refused by a fresh connect, not taken for a reset", async () => {
    const server = await lab.start();
    const nodes = lab.nodes();
    await nodes.probe(nodeAt(server), wants);
    await server.kill();

    const sample = await nodes.probe(nodeAt(server), wants);

    expect(sample).toMatchObject({ reply: { kind: "refused" }, isFreshConnect: true });
  });

  test("N4 a stopped server times out, whether the connection stands or is new", async () => {
    const server = await lab.start();
    const standing = lab.nodes();
    await standing.probe(nodeAt(server), wants);
    server.pause();

    const samples = [
      await standing.probe(nodeAt(server), impatient),
      await lab.nodes().probe(nodeAt(server), impatient),
    ];

    expect(samples.map((sample) => sample.reply)).toEqual([
      { kind: "timeout" },
      { kind: "timeout" },
    ]);
  });

  test("N5 an answer that comes after all counts for the probe it answers", async () => {
    const server = await lab.start();
    const nodes = lab.nodes();
    await nodes.probe(nodeAt(server), wants);
    server.pause();
    const missed = await nodes.probe(nodeAt(server), impatient);
    server.resume();

    let late: number | undefined;
    await until(async () => {
      const sample = await nodes.probe(nodeAt(server), wants);
      late = sample.lateReplyToMs ?? late;
      return late !== undefined;
    });

    expect(missed.reply).toEqual({ kind: "timeout" });
    expect(late).toBe(missed.sentAtMs);
  });

  test("a connection whose probe stays unanswered is replaced", async () => {
    const server = await lab.start();
    const nodes = lab.nodes();
    await nodes.probe(nodeAt(server), wants);
    server.pause();
    await nodes.probe(nodeAt(server), impatient);

    const sample = await nodes.probe(nodeAt(server), { ...impatient, reconnectAfterMs: 0 });

    expect(sample).toMatchObject({ reply: { kind: "timeout" }, isFreshConnect: true });
  });

  test("a connection that was cut is no evidence: it is opened again at once", async () => {
    const server = await lab.start();
    const nodes = lab.nodes();
    await nodes.probe(nodeAt(server), wants);
    await lab.client(server).call("CLIENT", "KILL", "TYPE", "normal");

    const sample = await nodes.probe(nodeAt(server), wants);

    expect(sample).toMatchObject({ reply: { kind: "pong" }, isFreshConnect: true });
  });
});

describe("a node that answers with an error is alive", () => {
  test("N9 a password that is missing or wrong", async () => {
    const server = await lab.start({ password: "right" });
    const node = nodeAt(server);

    const missing = await lab.nodes().probe(node, wants);
    const wrong = await lab.nodes({ auth: { password: "wrong" } }).probe(node, wants);
    const right = await lab.nodes({ auth: { password: "right" } }).probe(node, wants);

    expect(missing.reply).toMatchObject({ kind: "error", code: "NOAUTH" });
    expect(wrong.reply).toMatchObject({
      kind: "error",
      code: expect.stringMatching(/NOAUTH|WRONGPASS/),
    });
    expect(wrong.facts).toBeUndefined();
    expect(right).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
  });

  test("N9 a password that is made right on the server lets the next probe in", async () => {
    const server = await lab.start({ password: "right" });
    const node = nodeAt(server);
    const nodes = lab.nodes({ auth: { password: "new" } });

    const before = await nodes.probe(node, wants);
    await lab.client(server, { password: "right" }).config("SET", "requirepass", "new");
    const after = await nodes.probe(node, wants);

    expect(before.reply).toMatchObject({ kind: "error" });
    expect(after).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
  });

  test("N9 a user who may not do it", async () => {
    const server = await lab.start({
      aclLines: ["user default off", "user narrow on >word +ping +role +client|setname +auth"],
    });
    const auth = { username: "narrow", password: "word" };

    const sample = await lab.nodes({ auth }).probe(nodeAt(server), wants);

    const reply = {
      kind: "error",
      code: "NOPERM",
      text: expect.stringContaining("INFO is refused"),
    };
    expect(sample).toMatchObject({ reply, role: { role: "master" } });
    expect(sample.facts).toBeUndefined();
  });

  test("N8 maxclients reached", async () => {
    const server = await lab.start({ extra: ["maxclients 2"] });
    const clients = [lab.client(server), lab.client(server)];
    await Promise.all(clients.map((client) => client.ping()));

    const sample = await lab.nodes().probe(nodeAt(server), wants);

    expect(sample.reply).toMatchObject({ kind: "error", code: "MAXCLIENTS" });
  });

  test("N7 a script that does not end", async () => {
    const server = await lab.start({ extra: ["lua-time-limit 50"] });
    const nodes = lab.nodes();
    await nodes.probe(nodeAt(server), wants);
    const endless = lab
      .client(server)
      .eval("while true do end", 0)
      .catch(() => "killed");

    let busy = false;
    await until(async () => {
      const { reply } = await nodes.probe(nodeAt(server), {
        ...wants,
        info: false,
        timeoutMs: 1_000,
      });
      busy = reply.kind === "error" && reply.code === "BUSY";
      return busy;
    });
    const rescuer = lab.client(server, { enableReadyCheck: false, disableClientInfo: true });
    await rescuer.call("SCRIPT", "KILL");

    expect(busy).toBe(true);
    expect(await endless).toBe("killed");
  });

  test("N10 MISCONF, N6 LOADING and the like are told by their first word", async () => {
    const address = await startStranger(
      "-LOADING Redis is loading the dataset in memory\r\n".repeat(8),
    );

    const sample = await lab.nodes().probe(nodeAt(address), wants);

    expect(sample.reply).toMatchObject({ kind: "error", code: "LOADING" });
  });

  test.each(["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"])(
    "a server that speaks another protocol is foreign, not down: %j",
    async (greeting) => {
      const address = await startStranger(greeting);

      const sample = await lab.nodes().probe(nodeAt(address), wants);

      expect(sample.reply).toMatchObject({ kind: "error", code: "PROTOCOL" });
    },
  );
});

describe("a node to which connecting takes longer than a probe waits", () => {
  test("P7 is slow and not down: the connection that opens late serves the next probe", async () => {
    const server = await lab.start();
    const opened: Connection[] = [];
    const nodes = lab.nodes({}, async (address, access, longestMs) => {
      const takesMs = 3 * impatient.timeoutMs;
      await delay(Math.min(takesMs, longestMs));
      if (longestMs < takesMs) return failure("timeout", "no connection yet");
      const done = await openConnection(address, access, longestMs);
      if (done.ok) opened.push(done.value);
      return done;
    });

    const replies: string[] = [];
    for (let probe = 0; probe < 8; probe += 1) {
      replies.push((await nodes.probe(nodeAt(server), impatient)).reply.kind);
    }

    expect(replies[0]).toBe("timeout");
    expect(replies.at(-1)).toBe("pong");
    await until(() => opened.length > 1 && opened.filter((one) => one.isOpen).length === 1);
  });
});

describe("a probe connection that is lost while nothing is asked", () => {
  test("is called back with the node, so that it is asked at once", async () => {
    const server = await lab.start();
    const nodes = lab.nodes();
    const lost: string[] = [];
    nodes.onLost((node) => lost.push(node));
    await nodes.probe(nodeAt(server), wants);

    await server.kill();
    await until(() => lost.length > 0);

    expect(lost).toEqual([`${server.host}:${server.port}`]);
  });

  test("is not called back when this side closes it", async () => {
    const server = await lab.start();
    const nodes = lab.nodes();
    const lost: string[] = [];
    nodes.onLost((node) => lost.push(node));
    await nodes.probe(nodeAt(server), wants);

    await nodes.close();
    await server.kill();

    expect(lost).toEqual([]);
  });
});

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type Connection, openConnection } from "../../lib/adapters/redis-connection.ts";
import { failure } from "../../lib/ports/errors.ts";
import { impatient, markerKey, nodeAt, until, wants } from "../support/redis-lab.ts";
import { lab } from "./redis-probe-stage.ts";

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
    const [nodes, node] = [lab.nodes(), nodeAt(await lab.start())];
    await nodes.probe(node, wants);

    const sample = await nodes.probe(node, { ...wants, info: false });

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

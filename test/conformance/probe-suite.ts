import { describe, expect, test } from "@jest/globals";
import { gotFrom } from "../support/results.ts";
import {
  type Ailment,
  attachNow,
  caughtUp,
  deadlineMs,
  factsOf,
  hasty,
  patient,
  promoteNow,
  type RedisPlay,
  startPair,
} from "./redis-stage.ts";
import { until } from "./stage.ts";

/** What a probe brings home. */
export function describeProbes(name: string, play: RedisPlay): void {
  describe(`a probe of ${name}`, () => {
    test("brings PONG, role and facts, over one kept connection", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage, { pingSeconds: 1 });
        await master.mark(7);
        await caughtUp(stage, replica, master);
        const nodes = stage.observer();

        const first = await nodes.probe(master.node, patient);
        const second = await nodes.probe(master.node, patient);
        const ofReplica = await nodes.probe(replica.node, patient);

        expect(first).toMatchObject({
          node: master.node.id,
          reply: { kind: "pong" },
          isFreshConnect: true,
          role: { role: "master", offset: first.facts?.offset },
          facts: {
            role: "master",
            replid2: null,
            secondOffset: -1,
            isLoading: false,
            isSyncing: false,
            hasSynced: true,
            keys: 2,
            marker: 7,
            masterHost: null,
            masterPort: null,
            isLinkUp: false,
            lastIoSeconds: null,
            linkDownSeconds: null,
            failoverState: "no-failover",
            replPingMs: 1_000,
            sentinels: 0,
          },
        });
        expect(first.facts?.uptimeSeconds).toBeGreaterThanOrEqual(0);
        expect(first.facts?.uptimeSeconds).toBeLessThan(600);
        expect(second.isFreshConnect).toBe(false);
        expect(ofReplica.facts).toMatchObject({
          role: "replica",
          replid: first.facts?.replid,
          replid2: null,
          secondOffset: -1,
          isSyncing: false,
          hasSynced: true,
          keys: 2,
          marker: 7,
          masterHost: master.node.replicate.host,
          masterPort: master.node.replicate.port,
          isLinkUp: true,
          linkDownSeconds: null,
        });
        expect(ofReplica.facts?.lastIoSeconds).toBeLessThanOrEqual(2);
        expect(ofReplica.facts?.runId).not.toBe(first.facts?.runId);
      }));

    test("without INFO brings the role and the offset alone, N3, N18 and INFO once a connection: who is there may be new", () =>
      play(async (stage) => {
        const [server, nodes] = [await stage.start(), stage.observer()];
        const ask = () => nodes.probe(server.node, { ...patient, info: false });

        const [first, second] = [await ask(), await ask()];
        await server.kill();
        await server.restart();
        const anew = await ask();

        expect(second).toMatchObject({ reply: { kind: "pong" }, role: { role: "master" } });
        expect(second).not.toHaveProperty("facts");
        expect(new Set([first.facts?.runId, anew.facts?.runId, undefined]).size).toBe(3);
      }));

    test("knows an absent marker from one that is not asked for", () =>
      play(async (stage) => {
        const server = await stage.start();

        const absent = await stage.observer().probe(server.node, patient);
        const optedOut = await stage.observer({ hasMarker: false }).probe(server.node, patient);

        expect(absent.facts?.marker).toBeNull();
        expect(optedOut.facts?.marker).toBeUndefined();
      }));
  });
  describeSilence(name, play);
  describeErrors(name, play);
}

function describeSilence(name: string, play: RedisPlay): void {
  describe(`a probe of ${name} that gets no answer`, () => {
    test("N1 a killed server refuses a fresh connect; it is not taken for a reset", () =>
      play(async (stage) => {
        const server = await stage.start();
        const nodes = stage.observer();
        await nodes.probe(server.node, patient);
        await server.kill();

        const samples = [
          await nodes.probe(server.node, patient),
          await stage.observer().probe(server.node, patient),
        ];

        for (const sample of samples) {
          expect(sample).toMatchObject({ reply: { kind: "refused" }, isFreshConnect: true });
        }
      }));

    test("N4 a stopped server times out, whether the connection stands or is new", () =>
      play(async (stage) => {
        const server = await stage.start();
        const nodes = stage.observer();
        await nodes.probe(server.node, patient);
        server.hang();

        const standing = await nodes.probe(server.node, hasty);
        const fresh = await stage.observer().probe(server.node, hasty);

        expect(standing).toMatchObject({ reply: { kind: "timeout" }, isFreshConnect: false });
        expect(fresh).toMatchObject({ reply: { kind: "timeout" }, isFreshConnect: true });
      }));

    test("N5 an answer that comes after all counts for the probe it answers, once", () =>
      play(async (stage) => {
        const server = await stage.start();
        const nodes = stage.observer();
        await nodes.probe(server.node, patient);
        server.hang();
        const missed = await nodes.probe(server.node, hasty);
        server.thaw();

        const late: (number | undefined)[] = [];
        await until(stage, async () => {
          late.push((await nodes.probe(server.node, patient)).lateReplyToMs);
          return late.at(-1) !== undefined;
        });
        const next = await nodes.probe(server.node, patient);

        expect(late.at(-1)).toBe(missed.sentAtMs);
        expect(next).not.toHaveProperty("lateReplyToMs");
      }));

    test("a connection whose probe stays unanswered is replaced, and its answer is not waited for", () =>
      play(async (stage) => {
        const server = await stage.start();
        const nodes = stage.observer();
        await nodes.probe(server.node, patient);
        server.hang();
        await nodes.probe(server.node, hasty);

        const replaced = await nodes.probe(server.node, { ...hasty, reconnectAfterMs: 0 });
        server.thaw();
        await factsOf(stage, server);
        const next = await nodes.probe(server.node, { ...patient, reconnectAfterMs: 0 });

        expect(replaced).toMatchObject({ reply: { kind: "timeout" }, isFreshConnect: true });
        expect(next.reply).toEqual({ kind: "pong" });
        expect(next).not.toHaveProperty("lateReplyToMs");
      }));

    test("a reset of a fresh connection is told: a stopped server that dies while it is asked", () =>
      play(async (stage) => {
        const server = await stage.start();
        server.hang();

        const probing = stage.observer().probe(server.node, patient);
        await stage.pass(100);
        await server.kill();

        expect(await probing).toMatchObject({ reply: { kind: "reset" }, isFreshConnect: true });
      }));

    test("a standing connection that is reset while it is asked is opened again, once", () =>
      play(async (stage) => {
        const server = await stage.start();
        const nodes = stage.observer();
        await nodes.probe(server.node, patient);
        server.hang();

        const probing = nodes.probe(server.node, patient);
        await stage.pass(100);
        await server.kill();

        // A fresh connect may still meet the dying process.
        const sample = await probing;
        expect(["refused", "reset"]).toContain(sample.reply.kind);
        expect(sample.isFreshConnect).toBe(true);
      }));

    test("a connection that a role change has cut is no evidence: it is opened again at once", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const nodes = stage.observer();
        await nodes.probe(replica.node, patient);
        await promoteNow(stage, replica, 2);

        const sample = await nodes.probe(replica.node, patient);

        expect(sample).toMatchObject({ reply: { kind: "pong" }, isFreshConnect: true });
        await attachNow(stage, replica, master);
      }));

    test("a probe connection that is lost while nothing is asked is called back with its node", () =>
      play(async (stage) => {
        const server = await stage.start();
        const [nodes, closed] = [stage.observer(), stage.observer()];
        const lost: string[] = [];
        nodes.onLost((node) => lost.push(node));
        closed.onLost(() => lost.push("closed by this side"));
        await nodes.probe(server.node, patient);
        await closed.probe(server.node, patient);
        await closed.close();

        await server.kill();
        await until(stage, () => lost.length > 0);

        expect(lost).toEqual([server.node.id]);
      }));
  });
}

function describeErrors(name: string, play: RedisPlay): void {
  describe(`${name} that answers with an error is alive`, () => {
    const silent: readonly (readonly [string, Ailment])[] = [
      ["N7", "BUSY"],
      ["N8", "MAXCLIENTS"],
      ["N9", "NOAUTH"],
    ];
    test.each(silent)("%s %s: nothing else is told, and nothing is changed", (_fault, ailment) =>
      play(async (stage) => {
        const server = await stage.start();
        const heal = await server.ail(ailment);

        const sample = await stage.observer().probe(server.node, patient);
        const opened = await stage.observer().openSession(server.node, deadlineMs);
        const observed = opened.ok ? await opened.value.observe(deadlineMs) : opened;
        await heal();

        expect(sample.reply).toMatchObject({ kind: "error", code: ailment });
        expect(sample.facts).toBeUndefined();
        const kind = ailment === "NOAUTH" ? "denied" : "refused";
        expect(observed).toMatchObject({ ok: false, kind, isOutcomeKnown: true });
        expect((await stage.observer().probe(server.node, patient)).reply.kind).toBe("pong");
      }),
    );

    test("N10 MISCONF: PING says so, INFO goes on, writes are refused, the marker too", () =>
      play(async (stage) => {
        const server = await stage.start();
        const heal = await server.ail("MISCONF");

        const sample = await stage.observer().probe(server.node, patient);
        const session = gotFrom(await stage.observer().openSession(server.node, deadlineMs));
        const marked = await session.setMarker(3, deadlineMs);
        const write = await server.write();
        await heal();

        expect(sample).toMatchObject({
          reply: { kind: "error", code: "MISCONF" },
          role: { role: "master" },
          facts: { role: "master", marker: null },
        });
        expect(marked).toMatchObject({ ok: false, kind: "refused", isOutcomeKnown: true });
        expect(write).toBe("refused");
        expect(await server.write()).toBe("done");
      }));

    test("N6 LOADING: PING says so, and INFO tells what it will be", () =>
      play(async (stage) => {
        const server = await stage.start({ persistence: "rdb" });
        const healed = await server.ail("LOADING");

        const sample = await stage.observer().probe(server.node, patient);
        await healed();

        expect(sample).toMatchObject({
          reply: { kind: "error", code: "LOADING" },
          facts: { role: "master", isLoading: true },
        });
        expect((await factsOf(stage, server)).isLoading).toBe(false);
      }));
  });
}

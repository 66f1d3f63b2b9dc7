import { afterEach, describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { deadlineMs, markerKey, nodeAt, RedisLab, until } from "../support/redis-lab.ts";
import { failureOf, gotFrom } from "../support/results.ts";

const lab = new RedisLab();

afterEach(() => lab.close());

const promote = (epoch: number) => ({ kind: "promote" as const, epoch });

describe("opening a session", () => {
  test("is refused where nobody listens, and times out where nobody answers in time", async () => {
    const [address] = await pickNodeAddresses(1);
    if (address === undefined) throw new Error("expected an address");

    const failure = failureOf(await lab.nodes().openSession(nodeAt(address), deadlineMs));

    expect(failure).toMatchObject({ kind: "unreachable", isOutcomeKnown: true });
  });

  test("each has a number of its own: the token for acting on what it observed", async () => {
    const nodes = lab.nodes();
    const node = nodeAt(await lab.start());

    const first = gotFrom(await nodes.openSession(node, deadlineMs));
    const second = gotFrom(await nodes.openSession(node, deadlineMs));
    first.close();
    second.close();

    expect(first.id).not.toBe(second.id);
    await until(() => !first.isOpen && !second.isOpen);
  });

  test("N9 a password that is missing shows with the first observation", async () => {
    const session = await lab.session(await lab.start({ password: "right" }));

    expect(failureOf(await session.observe(deadlineMs))).toMatchObject({ kind: "denied" });
  });
});

describe("promoting", () => {
  test("makes a master that writes, carries the marker, and descends from what was observed", async () => {
    const { replica } = await lab.startPair();
    const session = await lab.session(replica);
    const before = gotFrom(await session.observe(deadlineMs));

    const { facts, warnings } = gotFrom(await session.changeRole(promote(7), deadlineMs));

    expect(before).toMatchObject({ role: "replica", marker: null });
    expect(facts).toMatchObject({ role: "master", marker: 7, replid2: before.replid });
    expect(facts.secondOffset - 1).toBeGreaterThanOrEqual(before.offset);
    expect(warnings).toEqual([]);
    expect(await lab.client(replica).set("key", "new")).toBe("OK");
    expect(await lab.client(replica).get(markerKey)).toBe("7");
  });

  test("F1 rule 4: cuts every other connection, clients and observers alike, but its own", async () => {
    const { replica } = await lab.startPair();
    const application = lab.client(replica);
    const subscriber = lab.client(replica);
    await application.ping();
    await subscriber.subscribe("news");
    const other = await lab.session(replica);
    const session = await lab.session(replica);
    await session.observe(deadlineMs);
    await other.observe(deadlineMs);

    gotFrom(await session.changeRole(promote(7), deadlineMs));

    await until(() => application.status === "end" && subscriber.status === "end");
    await until(() => !other.isOpen);
    expect(session.isOpen).toBe(true);
  });

  test("F1 whoever observed the older role can no longer act", async () => {
    const { master, replica } = await lab.startPair();
    const repairer = await lab.session(replica);
    const leader = await lab.session(replica);
    await repairer.observe(deadlineMs);
    await leader.observe(deadlineMs);

    gotFrom(await leader.changeRole(promote(7), deadlineMs));
    const late = await repairer.changeRole({ kind: "attach", master }, deadlineMs);

    expect(failureOf(late).kind).toBe("cut");
    expect((await lab.client(replica).role())[0]).toBe("master");
  });

  test("F1 the second fence: a marker that changed since the observation refuses", async () => {
    const { master, replica } = await lab.startPair();
    const session = await lab.session(replica);
    await session.observe(deadlineMs);
    await lab.client(master).set(markerKey, 9);
    await until(async () => (await lab.client(replica).get(markerKey)) === "9");

    const refused = failureOf(await session.changeRole(promote(8), deadlineMs));

    expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
    expect(refused.why).toContain("the marker changed since it was observed");
    expect((await lab.client(replica).role())[0]).toBe("slave");
  });

  test("F1 who observes again decides on what it sees then, whatever was written between", async () => {
    const { master, replica } = await lab.startPair();
    const session = await lab.session(replica);
    await session.observe(deadlineMs);
    await lab.client(master).set(markerKey, 1);
    await until(async () => (await lab.client(replica).get(markerKey)) === "1");

    expect(gotFrom(await session.observe(deadlineMs)).marker).toBe(1);
    gotFrom(await session.changeRole(promote(2), deadlineMs));

    expect((await lab.client(replica).role())[0]).toBe("master");
  });

  test("a master already keeps its history, and is cut and marked all the same", async () => {
    const server = await lab.start();
    const session = await lab.session(server);
    const before = gotFrom(await session.observe(deadlineMs));

    const { facts } = gotFrom(await session.changeRole(promote(7), deadlineMs));

    expect(facts).toMatchObject({ role: "master", replid: before.replid, marker: 7 });
  });

  test("a group without a marker gets none", async () => {
    const { replica } = await lab.startPair();
    const session = await lab.session(replica, { markerKey: null });
    await session.observe(deadlineMs);

    const { facts } = gotFrom(await session.changeRole(promote(7), deadlineMs));

    expect(facts.role).toBe("master");
    expect(facts.marker).toBeUndefined();
    expect(await lab.client(replica).exists(markerKey)).toBe(0);
  });

  test("N25 on a stopped node times out, may have happened, and happens at the thaw", async () => {
    const { replica } = await lab.startPair();
    const session = await lab.session(replica);
    await session.observe(deadlineMs);
    replica.pause();

    const failure = failureOf(await session.changeRole(promote(7), 250));
    replica.resume();

    expect(failure).toMatchObject({ kind: "timeout", isOutcomeKnown: false });
    await until(async () => {
      // The promotion cuts whoever asks before it.
      const role = await lab
        .client(replica)
        .role()
        .catch(() => []);
      return role[0] === "master";
    });
    expect(await lab.client(replica).get(markerKey)).toBe("7");
  });

  test("N1 on a node that dies meanwhile is cut, and may have happened", async () => {
    const { replica } = await lab.startPair();
    const session = await lab.session(replica);
    await session.observe(deadlineMs);
    replica.pause();
    const changing = session.changeRole(promote(7), deadlineMs);
    await replica.kill();

    expect(failureOf(await changing)).toMatchObject({ kind: "cut", isOutcomeKnown: false });
  });
});

describe("the other role changes", () => {
  test("attach makes a replica of the master, and cuts whoever wrote to it", async () => {
    const [master, stray] = await Promise.all([lab.start(), lab.start()]);
    const writer = lab.client(stray);
    await writer.set("key", "lost");
    const session = await lab.session(stray);
    await session.observe(deadlineMs);

    const attached = await session.changeRole({ kind: "attach", master }, deadlineMs);

    expect(gotFrom(attached).facts).toMatchObject({
      role: "replica",
      masterHost: master.host,
      masterPort: master.port,
    });
    await until(() => writer.status === "end");
  });

  test("hand-over lets the server itself hand over, without loss (F4)", async () => {
    const { master, replica } = await lab.startPair();
    const session = await lab.session(master);
    await session.observe(deadlineMs);

    const asked = await session.changeRole(
      { kind: "hand-over", to: replica, timeoutMs: deadlineMs },
      deadlineMs,
    );

    expect(gotFrom(asked).warnings).toEqual([]);
    const [old, target] = [lab.client(master), lab.client(replica)];
    await until(
      async () => (await target.role())[0] === "master" && (await old.role())[0] === "slave",
    );
    expect(await target.get("key")).toBe("value");
  });

  test("hand-over to a node that is no replica is refused, and nothing happened", async () => {
    const [master, other] = await Promise.all([lab.start(), lab.start()]);
    const session = await lab.session(master);
    await session.observe(deadlineMs);

    const refused = await session.changeRole(
      { kind: "hand-over", to: other, timeoutMs: 1_000 },
      deadlineMs,
    );

    expect(failureOf(refused)).toMatchObject({ kind: "refused", isOutcomeKnown: true });
    expect(await lab.client(master).set("key", "value")).toBe("OK");
  });

  test("fence ends a hand-over that hangs, and leaves the old master writable (F4)", async () => {
    const { master, replica } = await lab.startPair();
    const session = await lab.session(master);
    await session.observe(deadlineMs);
    replica.pause();
    gotFrom(
      await session.changeRole({ kind: "hand-over", to: replica, timeoutMs: 60_000 }, deadlineMs),
    );
    const during = gotFrom(await session.observe(deadlineMs));

    const fenced = gotFrom(await session.changeRole({ kind: "fence" }, deadlineMs));
    replica.resume();

    expect(during.failoverState).not.toBe("no-failover");
    expect(fenced.facts).toMatchObject({ role: "master", failoverState: "no-failover" });
    expect(await lab.client(master).set("key", "written")).toBe("OK");
  });

  test("N4 a promotion ends a hand-over to a target that hangs, which would hold it up for ever", async () => {
    const { master, replica } = await lab.startPair({ replicaPingPeriodSeconds: 60 });
    const session = await lab.session(master);
    await session.observe(deadlineMs);
    // A target that has everything is believed to take over as soon as it is asked.
    const behind = async () => {
      const info = await lab.client(master).info("replication");
      const field = (name: string) => new RegExp(`${name}[:=](\\d+)`).exec(info)?.[1];
      return field("offset") !== field("master_repl_offset");
    };
    await until(async () => !(await behind()));
    replica.pause();
    const change = { kind: "hand-over" as const, to: replica, timeoutMs: 100 };
    gotFrom(await session.changeRole(change, deadlineMs));
    const stuck = await lab.session(master);
    await until(async () => {
      const facts = gotFrom(await stuck.observe(deadlineMs));
      return facts.failoverState === "failover-in-progress";
    });

    const done = gotFrom(await stuck.changeRole(promote(7), 2_000));
    replica.resume();

    expect(done.facts).toMatchObject({ role: "master", failoverState: "no-failover", marker: 7 });
    expect(await lab.client(master).set("key", "written")).toBe("OK");
  });

  test("setMarker writes the epoch, and a replica refuses it", async () => {
    const { master, replica } = await lab.startPair();
    const onMaster = await lab.session(master);
    const onReplica = await lab.session(replica);

    gotFrom(await onMaster.setMarker(3, deadlineMs));

    expect(gotFrom(await onMaster.observe(deadlineMs)).marker).toBe(3);
    expect(failureOf(await onReplica.setMarker(4, deadlineMs))).toMatchObject({ kind: "refused" });
  });
});

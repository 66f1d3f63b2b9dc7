import { afterEach, describe, expect, test } from "@jest/globals";
import type { Redis } from "ioredis";
import type { Address } from "../../lib/core/config.ts";
import { deadlineMs, markerKey, RedisLab, until } from "../support/redis-lab.ts";
import { failureOf, gotFrom } from "../support/results.ts";

/** What a WATCH of the marker notices on a real server, and what it does not: the premises of docs/adr/0006. */
const lab = new RedisLab();

afterEach(() => lab.close());

const promote = (epoch: number) => ({ kind: "promote" as const, epoch });
const attach = ({ host, port }: Address) => ({ kind: "attach" as const, master: { host, port } });

/** As a promotion does it: a plain SET is refused when it is queued on a replica. */
const setMarker = "return redis.call('SET', KEYS[1], ARGV[1])";

/** A plain connection that watches the marker, as an observation does. */
async function watching(server: Address): Promise<Redis> {
  const client = lab.client(server);
  await client.watch(markerKey);
  return client;
}

/** Whether a transaction would still be carried out: it is not once a watched key was touched. */
async function wouldAct(client: Redis): Promise<boolean> {
  return (await client.multi().ping().exec()) !== null;
}

async function marked(master: Address, replica: Address, epoch: number): Promise<void> {
  await lab.client(master).set(markerKey, epoch);
  const asked = lab.client(replica);
  await until(async () => (await asked.get(markerKey)) === `${epoch}`);
}

async function hasRole(server: Address, role: "master" | "slave"): Promise<boolean> {
  return (await lab.client(server).role())[0] === role;
}

async function isLinked(server: Address): Promise<boolean> {
  return (await lab.client(server).info("replication")).includes("master_link_status:up");
}

describe("a WATCH of the marker", () => {
  test("does not notice FAILOVER, which changes both roles and cuts nobody", async () => {
    const { master, replica } = await lab.startPair();
    await marked(master, replica, 1);
    const [old, target] = [await watching(master), await watching(replica)];

    await lab.client(master).call("FAILOVER", "TO", replica.host, replica.port);
    await until(async () => (await hasRole(replica, "master")) && (await isLinked(master)));

    expect([old.status, target.status]).toEqual(["ready", "ready"]);
    expect([await wouldAct(old), await wouldAct(target)]).toEqual([true, true]);
  });

  test("does not notice REPLICAOF NO ONE, nor a replica that goes on in the same history", async () => {
    const { master, replica } = await lab.startPair();
    await marked(master, replica, 1);
    const [old, promoted] = [await watching(master), await watching(replica)];

    await lab.client(replica).replicaof("NO", "ONE");
    await lab.client(master).replicaof(replica.host, replica.port);
    await until(() => isLinked(master));

    expect(await lab.client(replica).info("stats")).toContain("sync_partial_ok:1");
    expect([await wouldAct(old), await wouldAct(promoted)]).toEqual([true, true]);
  });

  test("notices a full synchronisation of a node that had the marker, and no other", async () => {
    const { master, replica } = await lab.startPair();
    await marked(master, replica, 1);
    const [bare, emptied] = [await lab.start(), await lab.start()];
    const [gains, loses] = [await watching(bare), await watching(replica)];

    await lab.client(bare).replicaof(master.host, master.port);
    await lab.client(replica).replicaof(emptied.host, emptied.port);
    for (const server of [bare, replica]) await until(() => isLinked(server));

    expect(await lab.client(bare).get(markerKey)).toBe("1");
    expect(await lab.client(replica).get(markerKey)).toBeNull();
    expect([await wouldAct(gains), await wouldAct(loses)]).toEqual([true, false]);
  });

  test("is forgotten when somebody else's transaction ends on a connection that a proxy shares", async () => {
    const { master, replica } = await lab.startPair();
    const shared = await watching(replica);

    // The other one's: observed and carried out over the same connection of the pool.
    await shared.watch(markerKey);
    await shared
      .multi()
      .replicaof("NO", "ONE")
      .eval(setMarker, 1, markerKey, 2)
      .call("CLIENT", "KILL", "TYPE", "normal")
      .exec();

    expect(await hasRole(replica, "master")).toBe(true);
    expect(shared.status).toBe("ready");
    const late = await shared.multi().replicaof(master.host, master.port).exec();
    expect(late).toEqual([[null, "OK"]]);
  });
});

describe("without the right to CLIENT KILL, where the connections stand", () => {
  const auth = { username: "sentinel", password: "word" };
  const rights = "+@all -client|kill";
  const aclLines = ["user default on nopass ~* &* +@all", `user sentinel on >word ~* &* ${rights}`];

  test("the WATCH stops who observed a node before its promotion", async () => {
    const { master, replica } = await lab.startPair({ aclLines });
    const [leader, late] = [
      await lab.session(replica, { auth }),
      await lab.session(replica, { auth }),
    ];
    for (const session of [late, leader]) gotFrom(await session.observe(deadlineMs));

    gotFrom(await leader.changeRole(promote(2), deadlineMs));
    const refused = failureOf(await late.changeRole(attach(master), deadlineMs));

    expect(late.isOpen).toBe(true);
    expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
    expect(await hasRole(replica, "master")).toBe(true);
  });

  test("and does not stop who observed a node before it was attached", async () => {
    const { master, replica } = await lab.startPair({ aclLines });
    await marked(master, replica, 1);
    await lab.client(replica).replicaof("NO", "ONE");
    const [repairer, late] = [
      await lab.session(replica, { auth }),
      await lab.session(replica, { auth }),
    ];
    for (const session of [late, repairer]) gotFrom(await session.observe(deadlineMs));

    gotFrom(await repairer.changeRole(attach(master), deadlineMs));
    await until(() => isLinked(replica));
    const { facts } = gotFrom(await late.changeRole({ kind: "fence" }, deadlineMs));

    expect(facts.role).toBe("master");
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import type { RedisServer } from "../../lab/redis/server.ts";
import type { Rehearsal } from "../../lib/core/rehearsal.ts";
import type { RedisAccess } from "../../lib/ports/redis.ts";
import { makeCertificate } from "../support/certificate.ts";
import { startSentinel } from "../support/real-sentinel.ts";
import { nodeAt, RedisLab, wants } from "../support/redis-lab.ts";

const lab = new RedisLab();

afterEach(() => lab.close());

const rehearsing = { ...wants, rehearse: "once" as const };

async function rehearsed(
  server: RedisServer,
  access: Partial<RedisAccess> = {},
): Promise<Rehearsal | undefined> {
  const sample = await lab.nodes(access).probe(nodeAt(server), rehearsing);
  return sample.rehearsal;
}

const asUser = { auth: { username: "watcher", password: "word" } };
const all =
  "+ping +role +info +get +set +eval +watch +unwatch +multi +exec +replicaof +failover +config|get +config|rewrite +client|list +client|kill +client|unpause +client|setname";

/** A server whose user `watcher` may do all that is needed but these. */
function without(...rights: readonly string[]) {
  const left = all.split(" ").filter((right) => !rights.includes(right));
  const line = `user watcher on >word resetchannels ~lambda-sentinel:* -@all ${left.join(" ")}`;
  return lab.start({ aclLines: ["user default on nopass ~* &* +@all", line] });
}

describe("a rehearsal of a role change", () => {
  test.each([
    ["+script|kill +function|kill", true, []],
    ["+script|kill", true, ["no-script-kill"]],
    ["", true, ["no-script-kill"]],
    ["", false, []],
  ] as const)(
    "finds with the rights '%s', where scripts are to be stopped: %j, %j",
    async (rights, killBusyScripts, expected) => {
      const line = `user watcher on >word resetchannels ~lambda-sentinel:* -@all ${all} ${rights}`;
      const server = await lab.start({ aclLines: ["user default on nopass ~* &* +@all", line] });

      expect((await rehearsed(server, { ...asUser, killBusyScripts }))?.oddities).toEqual(expected);
    },
  );

  test("finds nothing on an ordinary server, and changes nothing on it", async () => {
    const { master, replica } = await lab.startPair();
    const [before, role] = [await lab.client(replica).info(), await lab.client(replica).role()];

    const found = [await rehearsed(master), await rehearsed(replica)];

    const after = await lab.client(replica).info();
    const of = (text: string, field: string) => new RegExp(`^${field}:(.*)$`, "m").exec(text)?.[1];
    const nothing = { isLoginNeeded: false, isLoginSet: false, isTls: false };
    expect(found).toMatchObject([
      { oddities: [], replication: nothing },
      { oddities: [], replication: nothing },
    ]);
    expect((await lab.client(replica).role())[0]).toBe(role[0]);
    for (const field of ["master_replid", "master_port", "master_failover_state", "run_id"]) {
      expect([field, of(after, field)]).toEqual([field, of(before, field)]);
    }
    expect(await lab.client(master).dbsize()).toBe(1);
  });

  test.each([
    [["+replicaof"], ["no-replicaof"]],
    [["+multi"], ["no-transaction"]],
    [["+exec"], ["no-transaction"]],
    [["+failover"], ["no-failover"]],
    [
      ["+config|rewrite", "+config|get"],
      ["no-config-get", "no-config-rewrite"],
    ],
    [
      ["+client|kill", "+client|unpause"],
      ["no-client-kill", "no-client-unpause"],
    ],
    [["+client|list"], ["no-client-list"]],
    [["+eval"], ["no-marker"]],
    [["+set"], ["no-marker"]],
    [["+watch"], ["no-marker"]],
  ])("N9 without %j it finds %j", async (rights, oddities) => {
    const found = await rehearsed(await without(...rights), asUser);

    expect(found?.oddities).toEqual(oddities);
  });

  test("N19 a renamed REPLICAOF and FAILOVER are found, and what is mended is seen over the same connection", async () => {
    const renamed = ["rename-command REPLICAOF obey", 'rename-command FAILOVER ""'];
    const server = await lab.start({ extra: renamed });
    const limited = await without("+replicaof");
    const nodes = lab.nodes(asUser);
    const first = await nodes.probe(nodeAt(limited), rehearsing);
    await lab.client(limited).call("ACL", "SETUSER", "watcher", "+replicaof");
    const second = await nodes.probe(nodeAt(limited), rehearsing);

    expect((await rehearsed(server))?.oddities).toEqual(["no-replicaof", "no-failover"]);
    expect(first.rehearsal?.oddities).toEqual(["no-replicaof"]);
    expect(second.rehearsal?.oddities).toEqual([]);
  });

  test("a server whose clients are paused for writes holds up no probe", async () => {
    const server = await lab.start();
    await lab.client(server).call("CLIENT", "PAUSE", 60_000, "WRITE");

    const sample = await lab.nodes().probe(nodeAt(server), { ...rehearsing, timeoutMs: 300 });

    expect(sample).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
    expect(sample.receivedAtMs - sample.sentAtMs).toBeLessThan(300);
  });

  test("happens once a connection, and only where it is wanted", async () => {
    const server = await lab.start();
    const client = lab.client(server);
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await client.info("stats"))?.[1]);
    const nodes = lab.nodes();

    const unwanted = await nodes.probe(nodeAt(server), wants);
    const before = await connections();
    await nodes.probe(nodeAt(server), rehearsing);
    await nodes.probe(nodeAt(server), rehearsing);

    expect(unwanted.rehearsal).toBeUndefined();
    expect(await connections()).toBe(before + 1);
  });
});

describe("how a node would replicate", () => {
  test("is told without the passwords that say so", async () => {
    const canary = "canary-of-masterauth";
    const password = "canary-of-requirepass";
    const server = await lab.start({ password, masterPassword: canary });
    const nodes = lab.nodes({ auth: { password } });

    const sample = await nodes.probe(nodeAt(server), rehearsing);

    expect(sample.rehearsal?.replication).toEqual({
      isLoginNeeded: true,
      isLoginSet: true,
      isTls: false,
    });
    expect(JSON.stringify(sample)).not.toContain("canary");
  });

  test("is unknown where CONFIG GET is refused", async () => {
    expect((await rehearsed(await without("+config|get"), asUser))?.replication).toBeNull();
  });

  test("over TLS is seen", async () => {
    const { cert, key } = makeCertificate();
    const dir = await mkdtemp(join(tmpdir(), "lambda-sentinel-tls-"));
    const [certFile, keyFile] = [join(dir, "cert.pem"), join(dir, "key.pem")];
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
    const files = [`tls-cert-file ${certFile}`, `tls-key-file ${keyFile}`];
    const server = await lab.start({
      extra: [...files, `tls-ca-cert-file ${certFile}`, "tls-replication yes"],
    });

    expect((await rehearsed(server))?.replication?.isTls).toBe(true);
    await rm(dir, { recursive: true, force: true });
  });
});

describe("what INFO says", () => {
  const oddities = async (server: RedisServer) =>
    (await lab.nodes().probe(nodeAt(server), wants)).facts?.oddities;

  test("of cluster mode", async () => {
    expect(await oddities(await lab.start({ extra: ["cluster-enabled yes"] }))).toEqual([
      "cluster",
    ]);
  });

  test("of a replica that takes writes, until it takes none", async () => {
    const { master, replica } = await lab.startPair({ extra: ["replica-read-only no"] });

    expect([await oddities(master), await oddities(replica)]).toEqual([[], ["writable-replica"]]);
    await lab.client(replica).config("SET", "replica-read-only", "yes");
    expect(await oddities(replica)).toEqual([]);
  });
});

describe("a server that does not say who it is", () => {
  test("N19 INFO renamed: it is denied with the reason, by every probe, and not down", async () => {
    const server = await lab.start({ extra: ['rename-command INFO ""'] });
    const nodes = lab.nodes();

    const asked = await nodes.probe(nodeAt(server), wants);
    const unasked = await nodes.probe(nodeAt(server), { ...wants, info: false });

    const reply = {
      kind: "error",
      code: "NOPERM",
      text: expect.stringContaining("INFO is refused"),
    };
    expect([asked.reply, unasked.reply]).toEqual([reply, reply]);
  });

  test("a Redis Sentinel at the address is foreign", async () => {
    const [address] = await pickNodeAddresses(1);
    if (address === undefined) throw new Error("expected an address, got none");
    const sentinel = await startSentinel(address);
    try {
      const { reply } = await lab.nodes().probe(nodeAt(sentinel), wants);

      expect(reply).toEqual({
        kind: "error",
        code: "PROTOCOL",
        text: "a Redis Sentinel listens here, no server",
      });
    } finally {
      await sentinel.stop();
    }
  });
});

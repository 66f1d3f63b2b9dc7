import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import type { RedisAccess } from "../../lib/ports/redis.ts";
import { nodeAt, RedisLab, wants } from "../support/redis-lab.ts";

const lab = new RedisLab();

afterEach(() => lab.close());

async function setupOf(server: RedisServer, access: Partial<RedisAccess> = {}) {
  const sample = await lab.nodes(access).probe(nodeAt(server), { ...wants, rehearse: "once" });
  return sample.rehearsal?.setup;
}

describe("how a server is set up", () => {
  test("is told as its configuration and INFO have it", async () => {
    const server = await lab.start({
      extra: [
        "save 900 1",
        "min-replicas-to-write 2",
        "min-replicas-max-lag 7",
        "repl-ping-replica-period 3",
        "replica-announce-ip Db1.Example.COM",
        "replica-announce-port 7001",
        "maxclients 500",
      ],
    });

    expect(await setupOf(server)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      isSaving: true,
      isAppending: false,
      supervisor: expect.stringMatching(/^(no|systemd|upstart|unknown)$/),
      minReplicas: 2,
      minReplicasMaxLagMs: 7_000,
      pingPeriodMs: 3_000,
      announced: { host: "db1.example.com", port: 7_001 },
      clients: expect.any(Number),
      clientsMax: 500,
      forkMs: expect.any(Number),
      sentinels: 0,
    });
  });

  test("of defaults is no address of its own, and no minimum of replicas", async () => {
    const server = await lab.start({
      extra: ['replica-announce-ip ""', "replica-announce-port 0"],
    });

    expect(await setupOf(server)).toMatchObject({
      isSaving: false,
      minReplicas: 0,
      announced: null,
    });
  });

  test("is unknown as far as CONFIG GET and CLIENT LIST are refused", async () => {
    const rights = `+ping +role +info +get +multi +exec`;
    const line = `user watcher on >word resetchannels ~lambda-sentinel:* -@all ${rights}`;
    const server = await lab.start({ aclLines: ["user default on nopass ~* &* +@all", line] });

    expect(
      await setupOf(server, { auth: { username: "watcher", password: "word" } }),
    ).toMatchObject({
      version: expect.any(String),
      isAppending: false,
      isSaving: null,
      minReplicas: null,
      pingPeriodMs: null,
      announced: null,
      clientsMax: null,
      sentinels: null,
    });
  });
});

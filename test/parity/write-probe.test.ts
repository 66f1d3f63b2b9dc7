import { afterEach, describe, expect, test } from "@jest/globals";
import type { RedisServer } from "../../lab/redis/server.ts";
import { aclLine, anyGroup } from "../../lib/config/acl.ts";
import { asking } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** What PING does not tell of a master that refuses writes: a key that people named is written to. */

const word = "canary-of-the-observers";
const key = "ops:health";

/** The observers log in with exactly what `acl` prints for such a group, and the marker gives no right to its key. */
async function startProbed(aclKey = key): Promise<{ rig: Rig; master: RedisServer }> {
  const line = aclLine({ ...anyGroup, group: "orders", writeProbeKey: aclKey });
  const users = [
    "user default on nopass ~* &* +@all",
    line.replace(">a-long-password", `>${word}`),
  ];
  const rig = await startRig({
    serverOptions: () => ({ aclLines: users }),
    functionEnv: { NODE_WORD: word },
    groupLines: [
      'auth: { username: watcher, password: "env:NODE_WORD" }',
      `writeProbeKey: "${key}"`,
    ],
  });
  const master = rig.node((await rig.state()).master?.node ?? "");
  return { rig, master };
}

async function expectPage(rig: Rig, words: string, since: number): Promise<void> {
  await rig.timeline.eventually(
    `people called for ${words}`,
    (one) => one.event === "+page" && one.message.includes(words),
    { since },
  );
}

async function expectStatus(rig: Rig, code: number, words = ""): Promise<void> {
  await rig.timeline.until(`status ${code} ${words}`, async () => {
    const status = await rig.cli("status", "orders");
    expect(status.stdout).toContain(words);
    expect(status.code).toBe(code);
  });
}

describe("a write that is tried on the master", () => {
  test("finds too few replicas and a pause of writes, and leaves the master where it is", async () => {
    // Prepare
    const { rig, master } = await startProbed();
    const before = await rig.state();
    await rig.timeline.until("the key", async () => {
      expect(await asking(master, (ask) => ask("GET", key))).toMatch(/^eu-west-1[abc]$/);
    });
    expect(Number(await asking(master, (ask) => ask("PTTL", key)))).toBeGreaterThan(0);
    await expectStatus(rig, 0);

    // Act and assess: PING says nothing of its replicas.
    let since = rig.timeline.mark();
    await asking(master, (ask) => ask("CONFIG", "SET", "min-replicas-to-write", "5"));
    expect(await asking(master, (ask) => ask("PING"))).toBe("PONG");
    await expectPage(rig, "is degraded: NOREPLICAS", since);
    await expectStatus(rig, 1, `${idOf(master)} refuses writes: NOREPLICAS`);
    await asking(master, (ask) => ask("CONFIG", "SET", "min-replicas-to-write", "0"));
    await expectStatus(rig, 0);

    // Nor does it say that writes are held back.
    since = rig.timeline.mark();
    await asking(master, (ask) => ask("CLIENT", "PAUSE", "60000", "WRITE"));
    await expectPage(rig, "is degraded: ", since);
    await expectStatus(rig, 1, "writes were not answered");
    await asking(master, (ask) => ask("CLIENT", "UNPAUSE"));
    await expectStatus(rig, 0);
    expect(await rig.state()).toMatchObject({ epoch: before.epoch, master: before.master });
    expect(rig.timeline.named("+oddity")).toEqual([]);
  }, 90_000);

  test("leaves a key alone that is there, and says where the right to it is missing", async () => {
    const { rig, master } = await startProbed("another");

    await rig.timeline.eventually(
      "the missing right",
      (one) => one.event === "+oddity" && one.message.includes("add +set and the key"),
    );
    await expectStatus(rig, 1, "writeProbeKey");
    await asking(master, (ask) => ask("SET", key, "of the operators"));
    const line = aclLine({ ...anyGroup, group: "orders", writeProbeKey: key });
    const [, name = "", ...rights] = line.replace(">a-long-password", `>${word}`).split(" ");
    await asking(master, (ask) => ask("ACL", "SETUSER", name, ...rights));
    await expectStatus(rig, 0);

    expect(await asking(master, (ask) => ask("GET", key))).toBe("of the operators");
    expect(await asking(master, (ask) => ask("PTTL", key))).toBe(-1);
  }, 90_000);
});

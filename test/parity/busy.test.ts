import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import type { RedisServer } from "../../lab/redis/server.ts";
import { aclLine, anyGroup } from "../../lib/config/acl.ts";
import { asking, expectSettled } from "../support/assess.ts";
import { idOf, type Rig, type RigOptions, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

/** A master that a script keeps busy: what Sentinel's SCRIPT KILL is for. */

const word = "canary-of-the-observers";

/** The observers log in with exactly what `acl` prints for such a group. */
function startWith(killBusyScripts: boolean, options: Partial<RigOptions> = {}): Promise<Rig> {
  const line = aclLine({ ...anyGroup, group: "orders", killBusyScripts });
  const users = [
    "user default on nopass ~* &* +@all",
    line.replace(">a-long-password", `>${word}`),
  ];
  return startRig({
    ...options,
    serverOptions: () => ({ aclLines: users, extra: ["lua-time-limit 50"] }),
    functionEnv: { NODE_WORD: word },
    groupLines: [
      'auth: { username: watcher, password: "env:NODE_WORD" }',
      ...(options.groupLines ?? []),
    ],
  });
}

/** What the server answers in the end to whoever called the script, and has no patience to lose. */
async function spin(node: RedisServer, ...[name = "", ...rest]: readonly string[]) {
  const client = new Redis({
    host: node.host,
    port: node.port,
    retryStrategy: () => null,
    disconnectTimeout: 50,
  });
  client.on("error", () => {});
  try {
    return String(await client.call(name, ...rest));
  } catch (error) {
    return String(error);
  } finally {
    client.disconnect();
  }
}

async function expectBusy(node: RedisServer): Promise<void> {
  const said = await asking(node, (ask) => ask("PING")).catch(String);
  expect(said).toContain("BUSY");
}

describe("a master that runs a script without end", () => {
  test("is left alone by default, and people are told", async () => {
    const rig = await startWith(false);
    const before = await rig.state();
    const master = rig.node(before.master?.node ?? "");

    const call = spin(master, "EVAL", "while true do end", "0");
    await rig.timeline.eventually(
      "people called",
      (one) => one.event === "+page" && one.message.includes("is busy"),
    );
    await sleep(3_000);
    await expectBusy(master);
    expect(rig.timeline.named("+script-kill")).toEqual([]);
    expect(await asking(master, (ask) => ask("SCRIPT", "KILL"))).toBe("OK");

    expect(await call).toContain("killed");
    await expectSettled(rig, idOf(master));
    expect((await rig.state()).epoch).toBe(before.epoch);
  }, 60_000);

  test("goes on where the observers have no right to stop it, and people are told which", async () => {
    const rig = await startWith(false, { groupLines: ["killBusyScripts: true"] });
    const before = await rig.state();
    const master = rig.node(before.master?.node ?? "");

    const call = spin(master, "EVAL", "while true do end", "0");
    const page = await rig.timeline.eventually(
      "people called",
      (one) => one.event === "+page" && one.rule === "R735",
    );

    expect(page.message).toContain("add +script|kill +function|kill to the user's ACL");
    await expectBusy(master);
    expect(await asking(master, (ask) => ask("SCRIPT", "KILL"))).toBe("OK");
    expect(await call).toContain("killed");
  }, 60_000);

  test("has it stopped after downAfterMs where people want that, a function too, and nothing that has written", async () => {
    // Prepare
    const rig = await startWith(true, { groupLines: ["killBusyScripts: true"] });
    const before = await rig.state();
    const master = rig.node(before.master?.node ?? "");
    const spinner = "redis.register_function('spin', function() while true do end end)";
    await asking(master, (ask) => ask("FUNCTION", "LOAD", `#!lua name=spinner\n${spinner}`));

    // Act and assess: a script, then a function.
    for (const call of [
      ["EVAL", "while true do end", "0"],
      ["FCALL", "spin", "0"],
    ]) {
      const since = rig.timeline.mark();
      const called = spin(master, ...call);
      const event = await rig.timeline.eventually(
        "a script that is told to stop",
        (one) => one.event === "+script-kill",
        { since },
      );
      expect(event).toMatchObject({ rule: "R735", node: idOf(master) });
      expect(await called).toContain("killed");
      await expectSettled(rig, idOf(master));
    }

    // One that has written is none of those.
    const since = rig.timeline.mark();
    const called = spin(master, "EVAL", "redis.call('SET', 'half', 'done') while true do end", "0");
    await rig.timeline.eventually(
      "people called",
      (one) => one.event === "+page" && one.message.includes("has written and can't be stopped"),
      { since },
    );
    await expectBusy(master);
    expect(await rig.state()).toMatchObject({ epoch: before.epoch, master: before.master });
    await master.kill();
    expect(await called).not.toContain("killed");
  }, 90_000);
});

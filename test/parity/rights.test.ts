import { afterEach, describe, expect, test } from "@jest/globals";
import { aclLine, anyGroup } from "../../lib/config/acl.ts";
import { asking, expectSettled, expectWrites } from "../support/assess.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const canary = "canary-of-the-replicas";
const word = "canary-of-the-observers";

describe("observers with exactly the rights that `acl` prints", () => {
  test("adopt a passworded group, fail it over and attach the old master, and miss nothing", async () => {
    // Prepare: observers and replicas log in, each as a user of its own.
    const line = aclLine({ ...anyGroup, group: "orders" });
    const users = [
      "user default on nopass ~* &* +@all",
      `user copier on >${canary} resetchannels -@all +psync +replconf +ping`,
      line.replace(">a-long-password", `>${word}`),
    ];
    const rig = await startRig({
      serverOptions: () => ({ aclLines: users, masterUser: "copier", masterPassword: canary }),
      groupLines: ['auth: { username: watcher, password: "env:NODE_WORD" }'],
      functionEnv: { NODE_WORD: word },
    });
    const oldMaster = rig.node((await rig.state()).master?.node ?? "");
    const writer = rig.startWriter({ everyMs: 5 });
    await expectWrites(rig, writer, 50);
    const calm = await rig.cli("status", "orders");

    // Act
    await oldMaster.kill();
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
    );
    await oldMaster.restart();
    await expectSettled(rig, switched.node ?? "");
    await expectWrites(rig, writer, 50);
    await writer.stop();

    // Assess: every connection of the observers was the user's own, and nothing was refused.
    const log = await asking(rig.node(switched.node ?? ""), (ask) => ask("ACL", "LOG"));
    expect(log).toEqual([]);
    expect(rig.timeline.entries.filter((one) => one.event === "+oddity")).toEqual([]);
    expect(calm).toMatchObject({ code: 0, stdout: expect.stringContaining("healthy") });
    const said = JSON.stringify(rig.timeline.entries) + calm.stdout;
    expect(said).not.toContain("canary");
    expect(idOf(oldMaster)).not.toBe(switched.node);
  }, 90_000);
});

import { afterEach, describe, expect, test } from "@jest/globals";
import { expectSettled, expectWrites, lostOn } from "../support/assess.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

describe("what operators wish for on the command line", () => {
  test("a switchover at an instant, to a node that would not be chosen, loses nothing", async () => {
    // Prepare: the first replica is the better one.
    const rig = await startRig({
      serverOptions: (index) => ({ extra: [`replica-priority ${index === 1 ? 1 : 100}`] }),
    });
    const before = await rig.state();
    const [, , last] = rig.world.nodes;
    if (last === undefined) throw new Error("expected three nodes");
    const writer = rig.startWriter({ everyMs: 1 });
    await expectWrites(rig, writer, 100);

    // Act
    const at = new Date(Date.now() + 12_000).toISOString();
    const asked = await rig.cli("switchover", "orders", "--to", idOf(last), "--at", at, "--yes");
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining(`asked for ${at}`) });
    const planned = await rig.state();
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
    );
    const switchedAt = Date.now();
    await expectSettled(rig, idOf(last));
    await expectWrites(rig, writer, 100);
    await writer.stop();

    // Assess
    expect(planned).toMatchObject({ epoch: before.epoch, request: { kind: "switchover", at } });
    expect(switchedAt).toBeGreaterThanOrEqual(Date.parse(at));
    expect(switched.node).toBe(idOf(last));
    expect(await lostOn(last, writer)).toEqual([]);
    expect((await rig.state()).lastEpoch).toMatchObject({ kind: "switchover", isAutomatic: false });
  }, 60_000);

  test("a pause that ends by itself holds a failover until then, and a cancelled plan is gone", async () => {
    // Prepare
    const rig = await startRig();
    const oldMaster = (await rig.state()).master?.node ?? "";
    const at = new Date(Date.now() + 3_600_000).toISOString();

    // Act
    await rig.cli("switchover", "orders", "--at", at, "--yes");
    const cancelled = await rig.cli("cancel", "orders");
    const until = new Date(Date.now() + 15_000).toISOString();
    const paused = await rig.cli("pause", "orders", "--until", until, "--reason", "drill");
    await rig.node(oldMaster).kill();
    const resumed = await rig.timeline.eventually(
      "the end of the pause",
      (one) => one.rule === "R690",
    );
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
    );
    const switchedAt = Date.now();

    // Assess
    expect(cancelled).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`cancelled: switchover at ${at}`),
    });
    expect(paused).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`it ends by itself at ${until}`),
    });
    expect(resumed.rule).toBe("R690");
    expect(switched.node).not.toBe(oldMaster);
    expect(switchedAt).toBeGreaterThanOrEqual(Date.parse(until));
  }, 60_000);
});

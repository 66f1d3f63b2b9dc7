import { afterEach, describe, expect, test } from "@jest/globals";
import { asking, expectSettled, lossOf, roleOf } from "../support/assess.ts";
import { killAhead } from "../support/lagging.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";
import type { Entry } from "../support/timeline.ts";

afterEach(stopRigs);

function said(event: string) {
  return (one: Entry) => one.event === event;
}

describe("S9 whenReturned: hold", () => {
  test("an old master with what was lost is read-only and keeps it, until an operator releases it", async () => {
    // Prepare: the only replica lacks what the master has written last.
    const rig = await startRig({ nodeCount: 2, groupLines: ["whenReturned: hold"] });
    const [old, replica] = rig.world.nodes;
    if (old === undefined || replica === undefined) throw new Error("expected two nodes");
    await killAhead(rig, old, replica);
    await rig.timeline.eventually("a switch", said("+switch-master"));
    const ballast = async (node: typeof old) =>
      await asking(node, (ask) => ask("EXISTS", "ballast-11"));
    expect(await ballast(replica)).toBe(0);

    // Act
    await old.restart();
    const held = await rig.timeline.eventually("a hold", said("+held"));
    const write = async () => await asking(old, (ask) => ask("SET", "key", "value"));
    await rig.timeline.until("a read-only server", () =>
      expect(write()).rejects.toThrow("READONLY"),
    );
    await rig.timeline.until("calm", async () => {
      expect((await rig.state()).phase).toBe("steady");
    });
    const status = await rig.cli("status", "orders");
    const kept = await ballast(old);
    const refused = await rig.cli("switchover", "orders", "--to", idOf(old), "--yes");
    const wrong = await rig.cli("release", "orders", idOf(replica), "--yes");
    const released = await rig.cli("release", "orders", idOf(old), "--yes");
    await rig.timeline.eventually("the release", said("-held"));
    await expectSettled(rig, idOf(replica));

    // Assess
    expect((await lossOf(rig)).bytes).toBeGreaterThan(0);
    expect(held).toMatchObject({ node: idOf(old), rule: "R725" });
    expect(kept).toBe(1);
    expect(status.stdout).toMatch(
      new RegExp(`held +${idOf(old)}: read-only, with what nobody else may have`),
    );
    expect(refused.code).toBe(1);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`there are ${idOf(old)}`),
    });
    expect(released).toMatchObject({ code: 0, stdout: expect.stringContaining("released") });
    expect(await roleOf(old)).toMatchObject({ role: "replica", follows: idOf(replica) });
    expect(await ballast(old)).toBe(0);
  }, 90_000);

  test("one that may hold more is no candidate, not even as the last one, and is let go once it is empty", async () => {
    // Prepare: nobody can tell what a process that died had acknowledged last.
    const rig = await startRig({ nodeCount: 2, groupLines: ["whenReturned: hold"] });
    const [old, replica] = rig.world.nodes;
    if (old === undefined || replica === undefined) throw new Error("expected two nodes");
    await asking(old, async (ask) => {
      await ask("SET", "key", "value");
      expect(await ask("WAIT", 1, 5_000)).toBe(1);
    });
    await old.kill();
    await rig.timeline.eventually("a switch", said("+switch-master"));
    await old.restart();
    const held = await rig.timeline.eventually("a hold", said("+held"));
    await rig.timeline.until("a replica of nobody", async () => {
      expect(await roleOf(old)).toMatchObject({ role: "replica", follows: "127.0.0.1:1" });
    });

    // Act
    await replica.kill();
    const noGood = said("-failover-abort-no-good-slave");
    const nobody = await rig.timeline.eventually("an outage without a candidate", noGood);
    const kept = await asking(old, (ask) => ask("GET", "key"));
    await replica.restart();
    await old.restart({ empty: true });
    const letGo = await rig.timeline.eventually("an end of the hold", said("-held"));
    await expectSettled(rig, idOf(replica));

    // Assess
    expect(held.message).toContain("nobody knows what it holds alone");
    expect(nobody.message).toContain("it keeps what it has until an operator releases it");
    expect(kept).toBe("value");
    expect(letGo.message).toContain(`${idOf(old)} holds no keys: nothing is held there any more`);
    expect(await roleOf(old)).toMatchObject({ role: "replica", follows: idOf(replica) });
    expect(await asking(old, (ask) => ask("GET", "key"))).toBe("value");
  }, 90_000);
});

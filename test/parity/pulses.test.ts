import { afterEach, describe, expect, test } from "@jest/globals";
import { watchingBy } from "../../lab/watching.ts";
import { labObservers } from "../../lab/world.ts";
import { expectSettled, expectWrites } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

describe("observers that watch by pulses", () => {
  test("are asleep in calm, find a dead master with the next pulse, replace it, and sleep again", async () => {
    // Prepare
    const woken: string[] = [];
    const rig = await startRig({
      ...{ scheduleMs: 20_000, watching: watchingBy("pulse") },
      onWake: (observer) => woken.push(observer),
    });
    const { timeline } = rig;
    const before = await rig.state();
    const master = rig.node(before.master?.node ?? "");
    const writer = rig.startWriter();
    await expectWrites(rig, writer);
    await expectAsleep(rig);
    woken.splice(0);

    // Act
    timeline.note("the master is killed");
    const killed = timeline.mark();
    await master.kill();
    const promoted = await timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
      { since: killed, limitMs: 20_000 },
    );

    // Assess: whoever saw it first woke the others, and waited for nobody's next pulse.
    expect(new Set(woken).size).toBeGreaterThanOrEqual(2);
    for (const observer of woken) expect(labObservers).toContain(observer);
    await expectSettled(rig, promoted.node ?? "");
    await expectWrites(rig, writer);
    await writer.stop();
    expect((await rig.state()).epoch).toBe(before.epoch + 1);
    expect(rig.others(idOf(master)).map(idOf)).toContain(promoted.node);
    await expectAsleep(rig);
    await expectPass(rig);
  }, 90_000);
});

/** Between two passes nobody runs: no invocation is paid for. */
async function expectAsleep(rig: Rig): Promise<void> {
  await rig.timeline.until("nobody to be awake", () => {
    for (const observer of labObservers) {
      const awake = rig.world.runners.get(observer)?.sandboxes.filter((one) => one.busy) ?? [];
      expect({ observer, awake: awake.length }).toEqual({ observer, awake: 0 });
    }
  });
}

async function expectPass(rig: Rig): Promise<void> {
  await rig.timeline.eventually(
    "a pass that ends",
    (one) => one.message.includes("everything was looked at"),
    { since: rig.timeline.mark() },
  );
}

import { afterEach, expect, test } from "@jest/globals";
import { expectSettled } from "../support/assess.ts";
import { startRig, stopRigs } from "../support/rig.ts";
import { watchGap } from "../support/write-gap.ts";

afterEach(stopRigs);

const switchovers = 5;
/** As in docs/limits.md. */
const boundMs = 2_000;

test("a switchover leaves the group without a writable master for less than the bound, each time", async () => {
  // Prepare
  const rig = await startRig();
  const { timeline, world } = rig;
  const watch = watchGap(world.nodes);
  const gaps: number[] = [];

  // Act
  try {
    for (let round = 0; round < switchovers; round += 1) {
      const oldMaster = (await rig.state()).master?.node ?? "";
      const since = timeline.mark();
      const sinceMs = performance.now();
      const asked = await rig.cli("switchover", "orders", "--yes");
      expect(asked.code).toBe(0);
      const switched = await timeline.eventually(
        "a switch",
        (one) => one.event === "+switch-master",
        { since },
      );
      const newMaster = switched.node ?? "";
      await expectSettled(rig, newMaster);
      gaps.push(
        await timeline.until("a write on the new master", () => {
          const gap = watch.gapMs(oldMaster, newMaster, sinceMs);
          if (gap === null) throw new Error("none yet");
          return gap;
        }),
      );
    }
  } finally {
    await watch.stop();
  }

  // Assess
  const sorted = gaps.map(Math.round).sort((a, b) => a - b);
  process.stdout.write(
    `without a writable master in ${switchovers} switchovers, ms: ${sorted.join(", ")}\n`,
  );
  expect(sorted).toHaveLength(switchovers);
  expect(sorted.at(-1)).toBeLessThan(boundMs);
}, 180_000);

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { adopt, type Drilled, failOver, switchOver } from "../../scripts/validate/drill.ts";
import { type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

test("the drill of a live account is right about a stage of the lab", async () => {
  const rig = await startRig();
  const { signal } = new AbortController();
  const drilled = drillOf(rig);
  const first = (await rig.state()).master?.node ?? "";

  const folder = await mkdtemp(join(tmpdir(), "validation-"));
  const file = join(folder, "groups.yml");
  await writeFile(file, rig.world.configText);
  const adopted = await adopt(drilled, file, signal);
  await rm(folder, { recursive: true });
  const switched = await switchOver(drilled, signal);
  const second = (await rig.state()).master?.node ?? "";
  const failed = await failOver(drilled, signal);
  const third = (await rig.state()).master?.node ?? "";

  expect(new Set([first, second, third]).size).toBeGreaterThanOrEqual(2);
  expect(adopted.map(({ result }) => result)).toEqual([
    expect.stringContaining(`master ${first}`),
    expect.stringMatching(/^OK 3 usable/),
  ]);
  expect(switched[0]).toMatchObject({ what: expect.stringContaining(`${first} to ${second}`) });
  expect(failed.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      expect.stringContaining(`crash of ${second} until ${third}`),
      expect.stringMatching(/^\+promoted-slave of epoch 3/),
      expect.stringMatching(/^\+failover-end of epoch 3/),
      "crash until the old master is back as a replica",
    ]),
  );
  expect(rig.timeline.named("+switch-master")).toHaveLength(2);
}, 90_000);

/** The lab as a stage: a crash is a killed process, which is started again once there is another master. */
function drillOf(rig: Rig): Drilled {
  return {
    cli: (...args) => rig.cli(...args),
    crash: async (node) => {
      const since = rig.timeline.mark();
      await rig.node(node).kill();
      await rig.timeline.eventually("a promotion", (one) => one.event === "+promoted-slave", {
        since,
      });
      await rig.node(node).restart();
    },
    events: async () => {
      const read = await rig.world.store.readEvents("orders", 200);
      if (!read.ok) throw new Error(read.why);
      return read.value;
    },
    nowMs: () => systemClock.nowMs(),
    sleep: (ms) => systemClock.sleep(ms),
  };
}

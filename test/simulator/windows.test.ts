import { expect, it } from "@jest/globals";
import { WindowMeter } from "./windows.ts";
import { SimWorld } from "./world.ts";

it("counts the time in which an old master takes writes beside the new one, by what its clients do", async () => {
  const world = new SimWorld({ seed: 1, isOrderly: true, clientCount: 0 });
  world.start();
  await world.engine.runUntil(12_000);
  const [n1, n2] = world.nodes.values();
  const before = world.state();
  if (n1 === undefined || n2 === undefined || before?.master == null) throw new Error("no group");
  const after = {
    ...before,
    masterEpoch: before.masterEpoch + 1,
    kind: "failover" as const,
    master: { ...before.master, node: n2.id },
  };
  const meter = new WindowMeter();

  meter.onState(before, after);
  meter.onAccepted("follows", n1, 900);
  meter.onAccepted("follows", n2, 1_000);
  meter.onAccepted("follows", n1, 1_400);
  meter.onAccepted("clings", n1, 1_900);
  meter.onAccepted("follows", n1, 9_000);

  expect(meter.perFailover).toEqual([{ followMs: 400, clingMs: 900 }]);
});

import { afterEach, expect, test } from "@jest/globals";
import { startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

test("ckquorum tells who is missing while observers go away one after the other", async () => {
  // Prepare
  const rig = await startRig();
  const stop = (observer: string) =>
    rig.world.runners.get(observer)?.stop({ graceful: false }) ?? Promise.reject(new Error());

  // Act
  const whole = await rig.cli("ckquorum", "orders");
  await stop("eu-west-1b");
  const without = await rig.cli("ckquorum", "orders");
  await stop("eu-west-1c");
  const alone = await rig.cli("ckquorum", "orders", "--json");

  // Assess
  expect(whole.stdout).toMatch(/^OK 3 usable observers of 3, 2 needed\./);
  expect(whole.code).toBe(0);
  expect(without.stdout).toMatch(/^OK 2 usable observers of 3, 2 needed\./);
  expect(without.stdout).toMatch(/^ {2}eu-west-1b {2}stale {3}no heartbeat in /m);
  expect(without.code).toBe(0);
  expect(alone.code).toBe(1);
  expect(JSON.parse(alone.stdout)).toMatchObject({
    isReachable: false,
    usable: 1,
    observers: [{ status: "usable" }, { status: "stale" }, { status: "stale" }],
  });
}, 60_000);

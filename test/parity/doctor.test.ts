import { afterEach, expect, test } from "@jest/globals";
import * as z from "zod";
import { asking } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const report = z.object({
  worst: z.string().nullable(),
  findings: z.array(z.object({ id: z.string(), about: z.string().nullable() })),
});

async function diagnose(rig: Rig) {
  const { stdout, stderr, code } = await rig.cli("doctor", "orders", "--json");
  expect(stderr).toBe("");
  const { findings } = report.parse(JSON.parse(stdout));
  return { code, found: findings.map(({ id, about }) => `${id} ${about}`).sort() };
}

test("doctor finds nothing in a group that is well, and what is then done to its servers", async () => {
  // Prepare
  const rig = await startRig({
    nodeWords: (index) => `zone: eu-west-1${"abc"[index]}`,
    // Servers are asked how they are set up by each shift anew.
    scheduleMs: 3_000,
  });
  const [first, second, third] = rig.world.nodes;
  if (!first || !second || !third) throw new Error("expected three nodes");
  const set = (node: typeof first, ...words: readonly string[]) =>
    asking(node, (ask) => ask("CONFIG", "SET", ...words));
  for (const node of rig.world.nodes) await set(node, "min-replicas-to-write", "1");

  // Act and assess
  await rig.timeline.until("nothing to find", async () => {
    expect(await diagnose(rig)).toEqual({ code: 0, found: [] });
  });
  await set(second, "replica-read-only", "no");
  await set(third, "min-replicas-to-write", "2");
  await set(third, "appendonly", "no");
  await rig.timeline.until("what was done to them", async () => {
    const all = [
      `keeps-nothing ${idOf(third)}`,
      `node-unfit ${idOf(second)}`,
      `one-successor ${idOf(third)}`,
      `too-many-min-replicas ${idOf(third)}`,
      `writable-replica ${idOf(second)}`,
    ];
    expect(await diagnose(rig)).toEqual({ code: 1, found: all });
  });
}, 60_000);

import { afterEach, expect, test } from "@jest/globals";
import * as z from "zod";
import { asking } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const report = z.object({
  worst: z.string().nullable(),
  findings: z.array(z.object({ id: z.string(), about: z.string().nullable() })),
});

const step = z.object({
  part: z.string(),
  ms: z.number().nullable(),
  isMet: z.boolean().nullable(),
});
const leg = z.object({
  from: z.string(),
  to: z.string().nullable(),
  epoch: z.number().nullable(),
  why: z.string(),
  steps: z.array(step),
});
const drill = z.object({ verdict: z.string(), master: z.string(), legs: z.array(leg) });

async function diagnose(rig: Rig) {
  const { stdout, stderr, code } = await rig.cli("doctor", "orders", "--json");
  expect(stderr).toBe("");
  const { findings } = report.parse(JSON.parse(stdout));
  return { code, found: findings.map(({ id, about }) => `${id} ${about}`).sort() };
}

test("a group that is well is drilled, doctor finds nothing in it, and then what is done to its servers", async () => {
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
  const before = (await rig.state()).epoch;
  const drilled = await rig.cli("drill", "orders", "--to", idOf(second), "--yes", "--json");
  const { verdict, legs, master } = drill.parse(JSON.parse(drilled.stdout));
  const why = expect.any(String);
  expect(legs.map(({ steps: _, ...told }) => told)).toEqual([
    { from: idOf(first), to: idOf(second), epoch: before + 1, why },
    { from: idOf(second), to: idOf(first), epoch: before + 2, why },
  ]);
  // How long it took is this machine's affair; the verdict must be that of its own numbers.
  const isLate = legs.some(({ steps }) => steps.some(({ isMet }) => isMet === false));
  expect({ verdict, code: drilled.code }).toEqual(
    isLate ? { verdict: "missed", code: 1 } : { verdict: "passed", code: 0 },
  );
  expect(legs.flatMap(({ steps }) => steps.filter(({ ms }) => ms === null))).toEqual([]);
  expect(master).toBe(idOf(first));

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

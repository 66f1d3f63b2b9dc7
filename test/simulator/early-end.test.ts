import { describe, expect, it } from "@jest/globals";
import type { Moment } from "./ambush.ts";
import { SimWorld } from "./world.ts";

/** Kills the master, ends the leader at the moment and runs on. What was sent, by whom, and whether after the end. */
async function endAt(kind: Moment["kind"], isEnded: (leader: string) => boolean) {
  const sent: { readonly by: string; readonly change: string; readonly isAfter: boolean }[] = [];
  let ended = "";
  const world = new SimWorld({
    ...{ seed: 1, isOrderly: true, scheduleJitterMs: 0 },
    onNote: (by, note) => {
      const isAfter = ended !== "" && by.startsWith(`${ended}/`);
      if (note.kind === "sent") sent.push({ by, change: note.change, isAfter });
    },
  });
  world.onMoment.push((moment) => {
    if (moment.kind !== kind || world.engine.nowMs < 20_000 || !isEnded(moment.leader)) return;
    if (ended !== "") return;
    ended = moment.leader;
    world.inject("script", { kind: "end-early", observer: ended, await: 1 });
  });
  world.start();
  await world.engine.runUntil(20_000);
  world.inject("script", { kind: "kill", node: "10.0.0.1" });
  await world.engine.runUntil(50_000);
  return { world, sent, ended };
}

describe("C3: an invocation that is ended while its handler runs on", () => {
  it.each(["claim", "commit"] as const)(
    "starts nothing after its %s, and another observer finishes the epoch",
    async (kind) => {
      const { world, sent, ended } = await endAt(kind, () => true);

      expect(ended).not.toBe("");
      expect(sent.filter((one) => one.isAfter)).toEqual([]);
      expect(world.violation).toBeNull();
      expect(world.state()).toMatchObject({ phase: "steady", epoch: 2 });
      expect(world.state()?.lastTransition.why).not.toContain(`${ended}/`);
      expect(world.recordNow()).toBe(world.state()?.master?.node.split(":")[0]);
    },
  );

  it("sends what it decided where nobody ends it", async () => {
    const { world, sent } = await endAt("claim", () => false);

    expect(world.violation).toBeNull();
    expect(sent.map((one) => one.change)).toEqual(["promote", "attach"]);
  });
});

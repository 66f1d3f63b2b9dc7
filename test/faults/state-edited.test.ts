import { describe, expect, it } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { notConverged } from "../simulator/converged.ts";
import { groupName } from "../simulator/group-config.ts";
import { StagedWorld } from "./staged-world.ts";

type Edit = (state: GroupState) => Partial<GroupState>;

/** Somebody edits the item by hand, in the console, and raises no revision. */
function edit(world: StagedWorld, change: Edit): void {
  const state = world.state();
  if (state === null) throw new Error("expected a STATE");
  world.store.states.set(groupName, { ...state, ...change(state) });
}

const n2 = "10.0.0.3:6379";
const edits: readonly (readonly [string, Edit])[] = [
  ["another node as master", ({ master }) => ({ master: master && { ...master, node: n2 } })],
  ["an epoch that is far ahead", ({ epoch }) => ({ epoch: epoch + 100 })],
  ["a phase that nobody claimed", () => ({ phase: "promoting" })],
  ["a candidate in the wrong phase", () => ({ candidate: { node: n2, replid: "x", offset: 1 } })],
  ["a phase that was over", () => ({ phase: "settling", leader: null })],
  ["a leader that is none", () => ({ phase: "settling", leader: "nobody/1" })],
  [
    "a round on a healthy master",
    ({ round, master }) => ({
      round: { ...round, status: "open", number: round.number + 1, suspect: master?.node ?? null },
    }),
  ],
  ["a history that nobody has", ({ master }) => ({ master: master && { ...master, replid: "y" } })],
];

describe("O7 somebody edits STATE by hand, and it parses", () => {
  it.each(edits)("%s: it is believed, and the group is in order again", async (_what, change) => {
    const world = await StagedWorld.boot();

    edit(world, change);
    await world.pass(120_000);

    expect(notConverged(world)).toBeNull();
  });

  it("a pause: it holds as if it had been asked for", async () => {
    const world = await StagedWorld.boot();

    edit(world, ({ rev }) => ({
      pause: { by: "ops", reason: "by hand", until: null, rev: rev + 1 },
    }));
    world.befall("kill 10.0.0.1");
    await world.pass(60_000);

    expect(world.state()).toMatchObject({ epoch: 1, phase: "steady" });
  });

  it("an epoch of the past: what nodes and records carry contradicts it, and nobody acts", async () => {
    const pages: string[] = [];
    const world = await StagedWorld.boot({
      onNote: (_who, note) => {
        if (note.kind === "event" && note.event.name === "+page") pages.push(note.event.message);
      },
    });

    edit(world, () => ({ epoch: 0, masterEpoch: 0 }));
    world.befall("kill 10.0.0.1");
    await world.pass(60_000);

    expect(world.state()).toMatchObject({ epoch: 0, phase: "steady" });
    expect([...world.nodes.values()].filter((node) => node.role === "master")).toHaveLength(1);
    expect(pages).toContainEqual(expect.stringContaining("epoch"));
  });
});

import { describe, expect, test } from "@jest/globals";
import { adoptMaster, createState, pause, settle } from "../../lib/core/state.ts";
import { askForMaster, keepMaster } from "../../lib/core/state-adoption.ts";
import { groupConfig } from "../support/builders.ts";
import { masterOf } from "../support/cli.ts";

const writer = { attempt: "x", shift: "operator", rule: "adopt", why: "a test" };
const created = createState(groupConfig(), "prod", writer).next;
const before = settle(adoptMaster(created, masterOf("n0"), writer).next, true, writer).next;

describe("asking anew who is master", () => {
  test("leaves nobody in charge, keeps epochs and histories, and remembers who it was", () => {
    const paused = pause(before, { by: "alice", reason: "", until: null }, writer).next;
    expect(askForMaster(paused, writer)).toMatchObject({
      base: paused.rev,
      next: {
        ...{ master: null, previousMaster: { node: "n0" }, phase: "steady", published: null },
        ...{ epoch: 1, masterEpoch: 1, histories: ["r1"], pause: { by: "alice" } },
        round: { number: before.round.number + 1, status: "open", purpose: "bootstrap" },
      },
    });
  });

  test("is taken back to exactly what there was, with the round closed", () => {
    const asked = askForMaster(before, writer).next;
    const { master, previousMaster, published, epoch, phase } = before;
    expect(keepMaster(asked, before, writer)?.next).toMatchObject({
      ...{ master, previousMaster, published, epoch, phase },
      round: { status: "closed" },
    });
  });

  test("is not taken back once the observers have a master, or somebody else has written otherwise", () => {
    const asked = askForMaster(before, writer).next;
    expect(keepMaster(adoptMaster(asked, masterOf("n1"), writer).next, before, writer)).toBeNull();
    expect(keepMaster(before, before, writer)).toBeNull();
    expect(keepMaster({ ...asked, configVersion: 9 }, before, writer)).toBeNull();
  });
});

import { beforeEach, describe, expect, it } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { groupConfig, groupState, n0, n1, openOn, round, vote } from "../support/builders.ts";
import { Engine, Process } from "./engine.ts";
import { Witness } from "./witness.ts";

const before = groupState({ round: round({ number: 4 }) });
const byB = groupState({ rev: 11, round: openOn(5, { openedBy: "b/1" }) });
const byC = groupState({ rev: 11, round: openOn(5, { openedBy: "c/1" }) });

let engine: Engine;
let observer: Process;
let known: GroupState;
let isRestored: boolean;
let witness: Witness;

beforeEach(() => {
  engine = new Engine();
  observer = new Process(engine, "a/1", 0, 1);
  known = before;
  isRestored = false;
  witness = new Witness({
    config: () => groupConfig(),
    tableReadAtMs: () => engine.nowMs,
    known: () => known,
    isRestored: () => isRestored,
    isDoubted: () => false,
  });
  witness.onStart(observer, null);
});

async function openAt(atMs: number, opened: GroupState): Promise<void> {
  await engine.runUntil(atMs);
  witness.onState(before, opened, atMs);
}

/** It misses, beside another node that answers; `sentAtMs`: when both were asked. */
async function probeAt(sentAtMs: number): Promise<void> {
  await engine.runUntil(sentAtMs + 100);
  witness.onHeard(observer, "a", { node: n1, sentAtMs, isAnswer: true });
  witness.onHeard(observer, "a", { node: n0, sentAtMs, isAnswer: false });
}

/** The item is put back to what it was before the round. */
async function putBackAt(atMs: number): Promise<void> {
  await engine.runUntil(atMs);
  witness.onReplaced(before, atMs);
}

async function voteAt(atMs: number): Promise<void> {
  await engine.runUntil(atMs);
  witness.onVote(observer, vote("a"));
}

const unconfirmed = "without a probe sent since it was opened";

describe("S2 a down vote rests on a probe since its round was opened", () => {
  it("is wrong on a probe from before", async () => {
    await probeAt(900);
    await openAt(1_000, byB);
    known = byB;

    await expect(voteAt(1_200)).rejects.toThrow(unconfirmed);
  });

  it("is right on a probe since then", async () => {
    await openAt(1_000, byB);
    known = byB;
    await probeAt(1_100);

    await expect(voteAt(1_300)).resolves.toBeUndefined();
  });

  it("is right of the round that it read, while another one of that number was opened without its knowledge", async () => {
    await openAt(1_000, byB);
    known = byB;
    await probeAt(1_100);
    await putBackAt(1_250);
    await openAt(1_300, byC);

    await expect(voteAt(1_400)).resolves.toBeUndefined();
  });

  it("is wrong of another round of the same number that it has read", async () => {
    await openAt(1_000, byB);
    known = byB;
    await probeAt(1_100);
    await putBackAt(1_250);
    await openAt(1_300, byC);
    known = byC;

    await expect(voteAt(1_400)).rejects.toThrow(unconfirmed);
  });

  it("is wrong on a probe from before in a table that was put back as well", async () => {
    await probeAt(900);
    await putBackAt(950);
    isRestored = true;
    await openAt(1_000, byB);
    known = byB;

    await expect(voteAt(1_200)).rejects.toThrow(unconfirmed);
  });
});

import { describe, expect, test } from "@jest/globals";
import type { WriteState } from "../../lib/core/commands.ts";
import type { GroupState } from "../../lib/core/model.ts";
import {
  activateConfig,
  adoptLineage,
  adoptMaster,
  beat,
  claim,
  clearRequest,
  closeRound,
  commit,
  createState,
  failEpoch,
  noWishes,
  openRound,
  pause,
  recordLoss,
  release,
  request,
  resume,
  settle,
  takeOver,
  type Writer,
} from "../../lib/core/state.ts";
import {
  groupConfig,
  groupState,
  masterRecord,
  n0,
  n1,
  n1Record,
  openOn,
  promotingState,
  settlingState,
} from "../support/builders.ts";

const writer: Writer = { attempt: "a/2#9", shift: "a/2", rule: "X000", why: "because" };
const candidate = { node: n1, replid: "id-1", offset: 1_000 };
const loss = { bytes: 5, certainty: "lower-bound" as const, oldOffset: 1_005, newOffset: 1_000 };
const intent = { kind: "failover" as const, isAutomatic: true, candidate, masterOffset: 1_005 };
const suspected = groupState({ round: openOn(5) });
const asked = { id: "op#1", kind: "failover" as const, by: "ops", ...noWishes };

/** Every write of STATE, from a state in which it makes sense. */
const writes: readonly (readonly [string, GroupState, (state: GroupState) => WriteState])[] = [
  ["openRound", groupState(), (s) => openRound(s, n0, writer)],
  ["closeRound", suspected, (s) => closeRound(s, "it answers", writer)],
  ["adoptMaster", groupState({ master: null }), (s) => adoptMaster(s, masterRecord, writer)],
  ["claim", suspected, (s) => claim(s, intent, writer)],
  ["claim in settling", settlingState(), (s) => claim(s, intent, writer)],
  ["commit", promotingState(), (s) => commit(s, n1Record, loss, writer)],
  [
    "failEpoch",
    promotingState(),
    (s) => failEpoch(s, { reason: "no answer", isRefusal: false }, writer),
  ],
  ["takeOver", promotingState(), (s) => takeOver(s, writer)],
  ["beat", promotingState(), (s) => beat(s, writer)],
  ["release", promotingState(), (s) => release(s, writer)],
  ["settle", settlingState(), (s) => settle(s, true, writer)],
  ["adoptLineage", groupState(), (s) => adoptLineage(s, { ...masterRecord, replid: "x" }, writer)],
  ["recordLoss", settlingState(), (s) => recordLoss(s, loss, writer)],
  ["clearRequest", groupState({ request: asked }), (s) => clearRequest(s, writer)],
  [
    "request",
    groupState(),
    (s) => request(s, { kind: "failover", by: "ops", ...noWishes }, writer),
  ],
  ["pause", groupState(), (s) => pause(s, { by: "ops", reason: "upgrade", until: null }, writer)],
  ["resume", groupState(), (s) => resume(s, writer)],
  ["activateConfig", suspected, (s) => activateConfig(s, groupConfig({ version: 2 }), writer)],
];

describe("S5 every write of STATE", () => {
  test.each(writes)("%s raises rev by one on the rev that was read", (_name, state, write) => {
    const { base, next, attempt } = write(state);

    expect(base).toBe(state.rev);
    expect(next.rev).toBe(state.rev + 1);
    expect(attempt).toBe("a/2#9");
    expect(next.attempts).toEqual(["a/2#9", ...state.attempts]);
    expect(next.lastTransition).toEqual({ rev: next.rev, rule: "X000", why: "because" });
    expect(next.epoch).toBeGreaterThanOrEqual(state.epoch);
    expect(next.masterEpoch).toBeGreaterThanOrEqual(state.masterEpoch);
    expect([next.schema, next.deployment, next.group]).toEqual([1, "prod", "cache"]);
  });

  test.each(writes)("S16 %s stands in the log with where it led", (name, state, write) => {
    const { next } = write(state);

    const { rev, epoch, phase } = next;
    const entry = {
      rev,
      epoch,
      phase,
      round: next.round.number,
      rule: "X000",
      by: "a/2",
      why: "because",
    };
    expect(next.log).toEqual(name === "beat" ? [] : [entry]);
  });

  test("S16 the log keeps its last ten entries, and no long stories", () => {
    const long = { ...writer, why: "x".repeat(1_000) };
    let state = groupState();
    for (let index = 0; index < 12; index += 1) state = takeOver(state, long).next;

    expect(state.log.map((entry) => entry.rev)).toEqual([13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
    expect(state.log.every((entry) => entry.why.length === 160)).toBe(true);
    expect(state.lastTransition.why).toHaveLength(1_000);
  });

  test("F16 the last four attempt ids are kept, the oldest goes", () => {
    const full = groupState({ attempts: ["d", "c", "b", "a"] });

    expect(beat(full, writer).next.attempts).toEqual(["a/2#9", "d", "c", "b"]);
  });

  test.each(writes)(
    "%s moves the phase only along the edges of the design",
    (name, state, write) => {
      const edges: Readonly<Record<string, string>> = {
        adoptMaster: "steady→settling",
        claim: "steady→promoting",
        "claim in settling": "settling→promoting",
        commit: "promoting→settling",
        failEpoch: "promoting→steady",
        settle: "settling→steady",
      };
      const edge = `${state.phase}→${write(state).next.phase}`;

      expect(edge).toBe(edges[name] ?? `${state.phase}→${state.phase}`);
    },
  );

  test.each(writes)("%s raises the round only to open one", (name, state, write) => {
    const { round } = write(state).next;

    expect(round.number).toBe(state.round.number + (name === "openRound" ? 1 : 0));
    if (name === "openRound") expect(round.status).toBe("open");
  });

  test.each([
    "closeRound",
    "adoptMaster",
    "claim",
    "commit",
    "failEpoch",
    "activateConfig",
    "pause",
  ])("F2, F3, F12 %s ends the round, with the reason in it", (name) => {
    const [, state, write] = writes.find(([one]) => one === name) ?? [];
    const next = state === undefined ? null : write?.({ ...state, round: openOn(5) }).next;

    expect(next?.round).toMatchObject({ number: 5, status: "closed" });
    expect(next?.round.reason).toEqual(expect.any(String));
  });
});

describe("each transition", () => {
  test("the first STATE asks who is master, and nothing else", () => {
    const { base, next } = createState(groupConfig({ version: 3 }), "prod", writer);

    expect(base).toBeNull();
    expect(next).toMatchObject({
      rev: 1,
      epoch: 0,
      phase: "steady",
      master: null,
      configVersion: 3,
      published: null,
      round: { number: 1, status: "open", purpose: "bootstrap", suspect: null },
    });
  });

  test("a round names its suspect and its opener; without a suspect it is a bootstrap round", () => {
    expect(openRound(groupState(), n0, writer).next.round).toEqual({
      number: 5,
      status: "open",
      purpose: "failover",
      suspect: n0,
      openedBy: "a/2",
      reason: null,
    });
    expect(openRound(groupState(), null, writer).next.round.purpose).toBe("bootstrap");
  });

  test("S1, S3 a claim raises the epoch, stores the intent and ends the round", () => {
    expect(claim(suspected, intent, writer).next).toMatchObject({
      epoch: 2,
      masterEpoch: 1,
      kind: "failover",
      candidate,
      leader: "a/2",
      beat: 4,
      master: masterRecord,
      previousOffset: 1_005,
      round: { number: 5, status: "closed" },
    });
  });

  test("F10 the commit makes the epoch the master's, and answers the request", () => {
    const { next } = commit(promotingState({ request: asked }), n1Record, loss, writer);

    expect(next).toMatchObject({
      masterEpoch: 2,
      master: n1Record,
      previousMaster: masterRecord,
      candidate: null,
      request: null,
      leader: "b/1",
      lastEpoch: { epoch: 2, result: "completed", isAutomatic: true, from: n0, to: n1, loss },
    });
  });

  test("a failed epoch keeps the master, frees the candidate and says why", () => {
    const { next } = failEpoch(
      promotingState({ request: asked }),
      { reason: "no answer", isRefusal: false },
      writer,
    );

    expect(next).toMatchObject({
      epoch: 2,
      masterEpoch: 1,
      master: masterRecord,
      candidate: null,
      leader: null,
      request: null,
      lastEpoch: { epoch: 2, result: "failed", to: n1, reason: "no answer", loss: null },
    });
  });

  test("F9 takeover, beat and release move the beat and nothing but the leader", () => {
    const state = promotingState();
    const changed = (write: WriteState) => {
      const { leader, beat: beats, ...rest } = write.next;
      const { epoch, phase, candidate: kept, master } = rest;
      expect({ epoch, phase, kept, master }).toEqual({
        epoch: 2,
        phase: "promoting",
        kept: candidate,
        master: masterRecord,
      });
      return [leader, beats];
    };

    expect(changed(takeOver(state, writer))).toEqual(["a/2", 4]);
    expect(changed(beat(state, writer))).toEqual(["b/1", 4]);
    expect(changed(release(state, writer))).toEqual([null, 4]);
  });

  test("settling ends with what is published, or with what was published before", () => {
    expect(settle(settlingState(), true, writer).next).toMatchObject({
      leader: null,
      kind: null,
      published: { epoch: 2, node: n1 },
    });
    expect(settle(settlingState(), false, writer).next.published).toEqual({ epoch: 1, node: n0 });
  });

  test("F11 a new configuration ends the round, so that no claim counts its votes", () => {
    expect(activateConfig(suspected, groupConfig({ version: 2 }), writer).next).toMatchObject({
      configVersion: 2,
      round: { number: 5, status: "closed", reason: "configuration version 2" },
    });
  });

  test("F12 a pause carries the rev that observers acknowledge", () => {
    const paused = pause(groupState(), { by: "ops", reason: "upgrade", until: null }, writer).next;

    expect(paused.pause).toEqual({ by: "ops", reason: "upgrade", until: null, rev: 11 });
    expect(resume(paused, writer).next.pause).toBeNull();
  });

  test("a closed round keeps the reason it was closed with", () => {
    expect(closeRound(groupState(), "later", writer).next.round.reason).toBe("n0 answers");
  });

  test("a loss report without an epoch to belong to is dropped", () => {
    expect(recordLoss(groupState(), loss, writer).next.lastEpoch).toBeNull();
    expect(recordLoss(settlingState(), loss, writer).next.lastEpoch?.loss).toEqual(loss);
  });
});

import { describe, expect, test } from "@jest/globals";
import type { Heartbeat, StoredEvent } from "../../lib/ports/store.ts";
import { groupConfig, n0, storedEvent, vote } from "../support/builders.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import type { StorePlay } from "./store-stage.ts";

/** What the protocol takes for granted of the table's other items. */
export function describeRecords(name: string, play: StorePlay): void {
  describeVotes(name, play);
  describeHeartbeats(name, play);
  describeEvents(name, play);
  describeRegistry(name, play);
}

function describeVotes(name: string, play: StorePlay): void {
  describe(`votes in ${name}`, () => {
    test("are read for the observers that are asked for, those that there are", () =>
      play(async (stage) => {
        const store = stage.store();
        const second = vote("b", { verdict: "up", lastOffset: null });
        gotFrom(await store.castVote(vote("a")));
        gotFrom(await store.castVote(second));

        const votes = gotFrom(await stage.store().readVotes("cache", ["a", "b", "c"]));

        expect(votes).toHaveLength(2);
        expect(votes).toEqual(expect.arrayContaining([vote("a"), second]));
        expect(gotFrom(await store.readVotes("cache", []))).toEqual([]);
        expect(gotFrom(await store.readVotes("other", ["a"]))).toEqual([]);
      }));

    test("F3 one is written once in a round, and never changed", () =>
      play(async (stage) => {
        const store = stage.store();
        expect(gotFrom(await store.castVote(vote("a")))).toEqual({
          isCast: true,
          standing: vote("a"),
        });

        const again = gotFrom(await store.castVote(vote("a", { verdict: "up" })));

        expect(again).toEqual({ isCast: false, standing: vote("a") });
        expect(gotFrom(await store.readVotes("cache", ["a"]))).toEqual([vote("a")]);
      }));

    test("C5, F3 one of an older round is refused, one of a newer round replaces", () =>
      play(async (stage) => {
        const store = stage.store();
        const newer = vote("a", { round: 6 });
        gotFrom(await store.castVote(vote("a")));

        expect(gotFrom(await store.castVote(newer))).toEqual({ isCast: true, standing: newer });
        const late = gotFrom(await store.castVote(vote("a", { verdict: "up" })));
        expect(late).toEqual({ isCast: false, standing: newer });
        expect(gotFrom(await store.readVotes("cache", ["a"]))).toEqual([newer]);
      }));

    test("D1 one whose answer was lost stands, and casting it again shows it", () =>
      play(async (stage) => {
        const store = await stage.troubled("loses the next answer");

        const cast = await store.castVote(vote("a"));
        const again = gotFrom(await store.castVote(vote("a", { verdict: "up" })));

        if (!cast.ok) expect(cast.isOutcomeKnown).toBe(false);
        else expect(cast.value.standing).toEqual(vote("a"));
        expect(again).toEqual({ isCast: false, standing: vote("a") });
      }));
  });
}

function describeHeartbeats(name: string, play: StorePlay): void {
  describe(`heartbeats in ${name}`, () => {
    test("come back as they were written; there is none before the first", () =>
      play(async (stage) => {
        const store = stage.store();
        expect(gotFrom(await store.readHeartbeat("a"))).toBeNull();

        gotFrom(await store.writeHeartbeat(beat(3)));

        expect(gotFrom(await stage.store().readHeartbeat("a"))).toEqual(beat(3));
      }));

    test("C5 one of an older shift is refused and told which stands; a shift renews its own", () =>
      play(async (stage) => {
        const store = stage.store();
        const write = async (one: Heartbeat) => gotFrom(await store.writeHeartbeat(one));

        expect(await write(beat(4))).toEqual({ standingShift: 4 });
        expect(await write(beat(3, "late"))).toEqual({ standingShift: 4 });
        expect(await write(beat(4, "later"))).toEqual({ standingShift: 4 });
        expect(gotFrom(await store.readHeartbeat("a"))).toEqual(beat(4, "later"));
        expect(await write(beat(5))).toEqual({ standingShift: 5 });
      }));
  });
}

function beat(shift: number, at = "2026-01-01T00:00:00.000Z"): Heartbeat {
  const seen = { verdict: "up", role: "master" as const, offset: 1_000, replid: "id-1" };
  const cache = {
    configVersion: 1,
    rev: 10,
    isPauseSeen: false,
    suspect: null,
    suspectForMs: 0,
    suspectOffset: null,
    suspectLoading: null,
    absence: { record: "n0 run-n0 id-1", forMs: 20_000 },
    masterEpoch: 1,
    masterKnownForMs: 5_000,
    copiedRev: 0,
    rule: "R799",
    why: "calm",
    nodes: { [n0]: { ...seen, isLinkUp: null, latencyMs: 0.4, unfit: null, oddities: [] } },
  };
  return { observer: "a", shift, at, codeVersion: "1.0.0", groups: { cache } };
}

function describeEvents(name: string, play: StorePlay): void {
  const idsIn = (events: readonly StoredEvent[]) => events.map((one) => one.id);

  describe(`events in ${name}`, () => {
    test("are read newest first, as many as asked for, of one group alone", () =>
      play(async (stage) => {
        const store = stage.store();
        for (const id of ["000000000002#b", "000000000010#a", "000000000001#a"]) {
          gotFrom(await store.appendEvent(storedEvent(id)));
        }
        gotFrom(await store.appendEvent({ ...storedEvent("000000000099#a"), group: "sessions" }));

        const all = gotFrom(await store.readEvents("cache", 10));
        const newest = gotFrom(await store.readEvents("cache", 1));

        expect(idsIn(all)).toEqual(["000000000010#a", "000000000002#b", "000000000001#a"]);
        expect(newest).toEqual([storedEvent("000000000010#a")]);
      }));

    test("S16 come at least once: the same one again is still one", () =>
      play(async (stage) => {
        const store = await stage.troubled("loses the next answer");
        const appended = await store.appendEvent(storedEvent("1"));
        gotFrom(await store.appendEvent(storedEvent("1")));

        if (!appended.ok) expect(appended.isOutcomeKnown).toBe(false);
        expect(gotFrom(await stage.store().readEvents("cache", 10))).toEqual([storedEvent("1")]);
      }));

    test("beyond so many the oldest go", () =>
      play(async (stage) => {
        const store = stage.store();
        for (let id = 1; id <= 6; id += 1)
          gotFrom(await store.appendEvent(storedEvent(String(id))));

        gotFrom(await store.pruneEvents("cache", 4));

        const kept = gotFrom(await store.readEvents("cache", 100));
        expect(idsIn(kept)).toEqual(["6", "5", "4", "3"]);
      }));
  });
}

function describeRegistry(name: string, play: StorePlay): void {
  const version = (number: number, group = "cache") =>
    groupConfig({ name: group, version: number });

  describe(`configurations and nodes in ${name}`, () => {
    test("F11 a configuration is immutable: a version that exists is refused", () =>
      play(async (stage) => {
        const store = stage.store();
        gotFrom(await store.putConfig(version(1)));

        const again = failureOf(await store.putConfig({ ...version(1), digest: "other" }));

        expect(again).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        expect(gotFrom(await store.readConfig("cache", 1))).toEqual(version(1));
      }));

    test("every version stays readable until it is deleted, newest first within a group", () =>
      play(async (stage) => {
        const store = stage.store();
        for (const number of [1, 10, 2]) gotFrom(await store.putConfig(version(number)));
        gotFrom(await store.putConfig(version(1, "sessions")));

        const all = gotFrom(await store.listConfigs());
        gotFrom(await store.deleteConfig("cache", 2));

        const own = all.filter((one) => one.name === "cache").map((one) => one.version);
        expect(own).toEqual([10, 2, 1]);
        expect(all).toHaveLength(4);
        expect(gotFrom(await store.readConfig("cache", 2))).toBeNull();
      }));

    test("F14 a node belongs to the group that claimed it first, until that lets it go", () =>
      play(async (stage) => {
        const store = stage.store();
        const claim = async (group: string) => gotFrom(await store.claimNode(n0, group)).owner;

        expect(await claim("cache")).toBe("cache");
        expect(await claim("sessions")).toBe("cache");
        gotFrom(await store.releaseNode(n0, "sessions"));
        expect(await claim("sessions")).toBe("cache");
        gotFrom(await store.releaseNode(n0, "cache"));
        expect(await claim("sessions")).toBe("sessions");
      }));
  });
}

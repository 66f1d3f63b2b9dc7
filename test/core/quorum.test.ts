import { describe, expect, test } from "@jest/globals";
import { votesNeeded } from "../../lib/core/config.ts";
import type { Vote } from "../../lib/core/model.ts";
import { namedMaster, tally } from "../../lib/core/quorum.ts";
import { groupConfig, n0, n1, openOn, vote } from "../support/builders.ts";

const config = groupConfig();
const round = openOn(5);
const count = (...votes: readonly Vote[]) => tally(config, round, 1, votes);

describe("S2 which votes count", () => {
  test("two of three observers that say down are a quorum", () => {
    expect(count(vote("a"), vote("b"))).toMatchObject({
      needed: 2,
      down: ["a", "b"],
      silent: ["c"],
      isReached: true,
    });
    expect(count(vote("a")).isReached).toBe(false);
  });

  test.each<[string, Partial<Vote>]>([
    ["F2 of an older round", { round: 4 }],
    ["of a newer round", { round: 6 }],
    ["of another epoch", { epoch: 2 }],
    ["C10 under another configuration", { digest: "digest-2" }],
    ["against another node", { node: n1 }],
    ["F11 of an observer that is not listed", { observer: "z" }],
  ])("a vote %s does not", (_name, change) => {
    const counted = count(vote("a"), vote("b", change));

    expect(counted.down).toEqual(["a"]);
    expect(counted.isReached).toBe(false);
  });

  test("C5 an observer counts once, however many votes carry its name", () => {
    expect(count(vote("a"), vote("a"), vote("a")).down).toEqual(["a"]);
  });

  test("up, blind and unreachable are kept apart, and who said nothing is named", () => {
    const counted = count(
      vote("a"),
      vote("b", { verdict: "blind", node: null }),
      vote("c", { verdict: "unreachable" }),
    );

    expect(counted).toMatchObject({ down: ["a"], up: [], blind: ["b"], unreachable: ["c"] });
    expect(count(vote("b", { verdict: "up" }))).toMatchObject({ up: ["b"], silent: ["a", "c"] });
  });

  test("F16 the highest offset of the suspect that any counted vote saw is taken", () => {
    expect(count(vote("a", { lastOffset: 900 }), vote("b", { lastOffset: 1_200 })).lastOffset).toBe(
      1_200,
    );
    expect(count(vote("a", { lastOffset: null })).lastOffset).toBeNull();
    expect(count(vote("a"), vote("b", { round: 4, lastOffset: 9_000 })).lastOffset).toBe(1_000);
  });
});

describe("how many votes are needed", () => {
  test("never fewer than a majority of the observers", () => {
    const needed = (quorum: number, observers: readonly string[]) =>
      votesNeeded(groupConfig({ observers, settings: { quorum } }));

    expect(needed(1, ["a", "b", "c"])).toBe(2);
    expect(needed(3, ["a", "b", "c"])).toBe(3);
    expect(needed(1, ["a", "b"])).toBe(2);
    expect(needed(1, ["a"])).toBe(1);
    expect(needed(2, ["a", "b", "c", "d"])).toBe(3);
  });
});

describe("bootstrap: the master that a quorum names", () => {
  const names = (observer: string, node: string, change: Partial<Vote> = {}) =>
    vote(observer, { verdict: "names", node, ...change });
  const asking = openOn(5, { purpose: "bootstrap", suspect: null });
  const named = (...votes: readonly Vote[]) => namedMaster(config, asking, 1, votes);

  test("is the one that a majority names and nobody contradicts", () => {
    expect(named(names("a", n0), names("b", n0))).toEqual({
      node: n0,
      names: [`a=${n0}`, `b=${n0}`],
    });
    expect(named(names("a", n0)).node).toBeNull();
    expect(named(names("a", n0), names("b", n0), names("c", n1)).node).toBeNull();
  });

  test("F2 needs votes of this round, this epoch and this configuration", () => {
    for (const change of [{ round: 4 }, { epoch: 0 }, { digest: "digest-2" }]) {
      expect(named(names("a", n0), names("b", n0, change)).node).toBeNull();
    }
  });

  test("is nobody when nobody voted", () => {
    expect(named()).toEqual({ node: null, names: [] });
  });
});

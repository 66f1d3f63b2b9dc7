import { describe, expect, test } from "@jest/globals";
import {
  continuesChain,
  descendsFrom,
  extentIn,
  holdsOfChain,
  isOfChain,
  isRecordStale,
  recordOf,
} from "../../lib/core/lineage.ts";
import { forkOffset, isSameProcess, lossAtCommit, lossOnReturn } from "../../lib/core/loss.ts";
import type { Lineage } from "../../lib/core/model.ts";
import { masterFacts, masterRecord, n0, n1, n1Record, promotedFacts } from "../support/builders.ts";

const lineage = (replid: string, replid2: string | null = null, secondOffset = -1): Lineage => ({
  replid,
  replid2,
  secondOffset,
});
/** Promoted at offset 1000 out of id-1: its own history is id-2. */
const chain = lineage("id-2", "id-1", 1_001);

describe("F5 whether a history is the group's", () => {
  test.each([
    ["the same id", { ...lineage("id-2"), offset: 5_000 }, true],
    ["promoted out of the chain", { ...lineage("id-3", "id-2", 2_001), offset: 5_000 }, true],
    ["the old id, not beyond the fork", { ...lineage("id-1"), offset: 1_001 }, true],
    ["the old id, beyond the fork", { ...lineage("id-1"), offset: 1_002 }, false],
    ["an id that nobody knows", { ...lineage("id-9"), offset: 10 }, false],
    ["a stranger's second id", { ...lineage("id-9", "id-8", 7), offset: 10 }, false],
  ])("%s", (_name, node, expected) => {
    expect(isOfChain(chain, node)).toBe(expected);
  });

  test("F5b after two failovers in a row a replica that never resynced is still ours", () => {
    const neverResynced = { ...lineage("id-1"), offset: 1_000 };

    expect(isOfChain(n1Record, neverResynced)).toBe(true);
  });

  test("F5a a restart with an RDB continues the chain, a restart with an AOF does not say", () => {
    expect(continuesChain(chain, lineage("id-3", "id-2", 2_001))).toBe(true);
    expect(continuesChain(chain, lineage("id-3"))).toBe(false);
  });

  test("a chain without a second id never matches a node without one", () => {
    expect(continuesChain(lineage("id-1"), lineage("id-9"))).toBe(false);
    expect(isOfChain(lineage("id-1"), { ...lineage("id-9"), offset: 1 })).toBe(false);
  });
});

describe("N3 whether a node holds what the chain's master has of the history before", () => {
  test.each([
    ["the chain's own", { ...lineage("id-2"), offset: 5_000 }, true],
    ["promoted out of it no later", { ...lineage("id-3", "id-1", 1_001), offset: 5_000 }, true],
    ["promoted out of it later", { ...lineage("id-3", "id-1", 1_002), offset: 5_000 }, false],
    ["promoted out of another", { ...lineage("id-3", "id-8", 7), offset: 5_000 }, false],
  ])("%s", (_name, node, expected) => {
    expect(holdsOfChain(chain, node)).toBe(expected);
  });

  test("nobody does where there is no history before", () => {
    expect(holdsOfChain(lineage("id-1"), { ...lineage("id-9"), offset: 1 })).toBe(false);
  });
});

test.each([
  ["the chain's own id: as far as it has come", { ...lineage("id-2"), offset: 5_000 }, 5_000],
  ["the id before: the same", { ...lineage("id-1"), offset: 900 }, 900],
  ["promoted out of it: until then", { ...lineage("id-3", "id-2", 2_001), offset: 5_000 }, 2_000],
  ["promoted out of the one before", { ...lineage("id-3", "id-1", 801), offset: 5_000 }, 800],
])("N2 how far a node has the chain, %s", (_name, node, extent) => {
  expect(extentIn(chain, node)).toBe(extent);
});

describe("F5c whether a promoted node descends from what was chosen", () => {
  const chosen = { replid: "id-1", offset: 1_000 };

  test("its second id is the chosen history and reaches the chosen offset", () => {
    expect(descendsFrom(chosen, promotedFacts({ secondOffset: 1_001 }))).toBe(true);
    expect(descendsFrom(chosen, promotedFacts({ secondOffset: 5_001 }))).toBe(true);
  });

  test("a node that was emptied between choice and promotion does not", () => {
    expect(descendsFrom(chosen, promotedFacts({ replid2: "id-9" }))).toBe(false);
    expect(descendsFrom(chosen, promotedFacts({ secondOffset: 1_000 }))).toBe(false);
    expect(descendsFrom(chosen, promotedFacts({ replid2: null, secondOffset: -1 }))).toBe(false);
  });

  test("a node that was a master already keeps its id, and must not have fallen back", () => {
    expect(descendsFrom(chosen, masterFacts({ offset: 1_000 }))).toBe(true);
    expect(descendsFrom(chosen, masterFacts({ offset: 999 }))).toBe(false);
  });
});

describe("the record of a master", () => {
  test("is what the master shows, and stale as soon as it shows something else", () => {
    const facts = promotedFacts();

    expect(recordOf(n1, facts)).toEqual(n1Record);
    expect(isRecordStale(n1Record, facts)).toBe(false);
    for (const change of [{ runId: "x" }, { replid: "x" }, { replid2: "x" }, { secondOffset: 9 }]) {
      expect(isRecordStale(n1Record, { ...facts, ...change })).toBe(true);
    }
  });
});

describe("loss", () => {
  test("at the commit is a lower bound from the last offset anybody saw", () => {
    expect(lossAtCommit(1_250, promotedFacts())).toEqual({
      bytes: 250,
      certainty: "lower-bound",
      oldOffset: 1_250,
      newOffset: 1_000,
    });
  });

  test("is never negative, and unknown where nobody saw an offset", () => {
    expect(lossAtCommit(900, promotedFacts()).bytes).toBe(0);
    expect(lossAtCommit(null, promotedFacts())).toMatchObject({
      bytes: null,
      certainty: "unknown",
    });
  });

  test("is exact once the old master itself came back", () => {
    expect(lossOnReturn(1_000, masterFacts({ offset: 1_300 }))).toEqual({
      bytes: 300,
      certainty: "exact",
      oldOffset: 1_300,
      newOffset: 1_000,
    });
  });

  test("is measured from the fork, or from the offset of a node that was a master already", () => {
    expect(forkOffset({ secondOffset: 1_001, offset: 7_000 })).toBe(1_000);
    expect(forkOffset({ secondOffset: -1, offset: 7_000 })).toBe(7_000);
  });

  test("compares offsets of the very process only: a restart is another run id", () => {
    expect(isSameProcess(masterRecord, n0, masterFacts())).toBe(true);
    expect(isSameProcess(masterRecord, n0, masterFacts({ runId: "other" }))).toBe(false);
    expect(isSameProcess(masterRecord, n1, masterFacts())).toBe(false);
    expect(isSameProcess(null, n0, masterFacts())).toBe(false);
  });
});

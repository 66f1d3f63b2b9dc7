import { describe, expect, test } from "@jest/globals";
import { forkFrom } from "../../lib/core/loss.ts";
import { masterRecord, n1Record } from "../support/builders.ts";

describe("where a master's history parts from the old one's", () => {
  const nothing = { replid2: null, secondOffset: -1 };

  test("is its second offset, if its second id is the old history", () => {
    expect(forkFrom(masterRecord, n1Record)).toBe(1_000);
  });

  test("is not known of one that shows no second id, or one of its own", () => {
    const own = { ...n1Record, replid: "id-3", replid2: "id-2", secondOffset: 9_001 };

    expect(forkFrom(masterRecord, { ...n1Record, ...nothing })).toBeNull();
    expect(forkFrom({ ...masterRecord, ...nothing }, { ...n1Record, ...nothing })).toBeNull();
    expect(forkFrom(masterRecord, own)).toBeNull();
  });

  test("may lie in what the old master itself goes on from, and not beyond that", () => {
    const old = { ...masterRecord, replid2: "id-0", secondOffset: 901 };
    const early = { ...n1Record, replid2: "id-0", secondOffset: 901 };

    expect(forkFrom(old, early)).toBe(900);
    expect(forkFrom(old, { ...early, secondOffset: 902 })).toBeNull();
  });
});

import { describe, expect, it } from "@jest/globals";
import {
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n1Record,
  promotingState,
  replicaFacts,
  settlingState,
} from "../support/builders.ts";
import { Engine, Process } from "./engine.ts";
import { checkLeaving, isForkOf, type Leaving } from "./leaving.ts";

const process = new Process(new Engine(), "a/1", 0, 1);
const paused = groupState({ pause: { by: "ops", reason: "drill", until: null, rev: 9 } });
const seen = { askedAtMs: 100, facts: masterFacts() };
const attach: Leaving = { what: `attach on ${n0}`, change: "attach", node: n0, seen };

/** Lets the effect leave a process that asked for this STATE at 100. */
function leave(leaving: Leaving, state = groupState()): void {
  const [known, verifiedAtMs] = [new Map([["a/1", state]]), new Map([["a/1", 100]])];
  checkLeaving(process, leaving, { known, verifiedAtMs });
}

describe("S12 an effect of a process that has read of a pause", () => {
  it.each([attach, { what: "a change of records", change: null }] as const)(
    "breaks it: $what",
    (one) => {
      expect(() => leave(one, paused)).toThrow("knows that the group is paused");
      expect(() => leave(one)).not.toThrow();
    },
  );

  it("finishes an epoch that is open", () => {
    const { pause } = paused;

    expect(() => leave(attach, promotingState({ pause }))).not.toThrow();
  });
});

describe("F1 an effect over a session that was asked", () => {
  it("when STATE was, or before, is well founded", () => {
    expect(() => leave(attach)).not.toThrow();
  });

  it("after STATE, or not at all, is not", () => {
    const askedAt = (askedAtMs: number) => ({ ...attach, seen: { ...seen, askedAtMs } });

    expect(() => leave(askedAt(101))).toThrow("observed 1 ms after STATE was read");
    expect(() => leave(askedAt(Number.POSITIVE_INFINITY))).toThrow("not since");
  });
});

describe("S18 a script that is told to stop", () => {
  const kill: Leaving = { ...attach, what: `kill-script on ${n0}`, change: "kill-script" };

  it("runs on the master that STATE names, however old the look at it is", () => {
    const unseen = { askedAtMs: Number.POSITIVE_INFINITY, facts: null };

    expect(() => leave({ ...kill, seen: unseen })).not.toThrow();
    expect(() => leave({ ...kill, node: n1 })).toThrow(`its STATE names ${n0}`);
    expect(() => leave(kill, paused)).toThrow("knows that the group is paused");
  });
});

describe("S18 a write that is tried", () => {
  const write: Leaving = { ...attach, what: `write-probe on ${n0}`, change: "write-probe" };

  it("goes to the master that STATE names, observed as one before STATE was read", () => {
    const asReplica = { ...seen, facts: replicaFacts() };

    expect(() => leave(write)).not.toThrow();
    expect(() => leave({ ...write, seen: { ...seen, askedAtMs: 101 } })).toThrow(
      "observed 1 ms after",
    );
    expect(() => leave({ ...write, seen: asReplica })).toThrow("a replica");
    expect(() => leave({ ...write, node: n1 })).toThrow(`its STATE names ${n0}`);
  });
});

describe("S9 an old master that is attached", () => {
  const committed = settlingState();
  const { lastEpoch } = committed;
  const loss = { bytes: 0, certainty: "exact", oldOffset: 900, newOffset: 1_000 } as const;
  const exact = lastEpoch === null ? null : { ...lastEpoch, loss };
  const restarted = { ...seen, facts: masterFacts({ runId: "run-later" }) };

  it("while its divergence is known as a bound only, breaks it", () => {
    expect(() => leave(attach, committed)).toThrow("its divergence is not written down");
  });

  it("once that is written down, or can't be told any more, does not", () => {
    expect(() => leave(attach, { ...committed, lastEpoch: exact })).not.toThrow();
    expect(() => leave({ ...attach, seen: restarted }, committed)).not.toThrow();
  });

  it("beside a successor whose second id is one of its own, can't be told either", () => {
    const ids = { replid: "id-3", replid2: "id-2", secondOffset: 9_001 };
    const again = { ...n1Record, ...ids };

    expect(isForkOf(masterRecord, n1Record)).toBe(true);
    expect(isForkOf({ ...masterRecord, replid2: "id-2", secondOffset: 9_001 }, again)).toBe(true);
    expect(isForkOf({ ...masterRecord, replid2: "id-2", secondOffset: 9_000 }, again)).toBe(false);
    expect(() => leave(attach, { ...committed, master: again })).not.toThrow();
  });
});

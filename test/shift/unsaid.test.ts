import { describe, expect, test } from "@jest/globals";
import type { Outcome, Plan, WriteState } from "../../lib/core/commands.ts";
import type { Decision } from "../../lib/core/decide.ts";
import { warning } from "../../lib/core/events.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { openRound } from "../../lib/core/state.ts";
import { UnsaidLines } from "../../lib/shift/unsaid.ts";
import { groupState, n0, vote } from "../support/builders.ts";
import { watchCalm } from "../support/watch.ts";

const before = groupState();
const by = (attempt: string) => ({ attempt, shift: "a/4", rule: "P510", why: "n1 is master" });
const write = (attempt: string) => openRound(before, n0, by(attempt));
const others = openRound(before, n0, { ...by("b#1"), shift: "b/2" });

const promoted = { kind: "emit" as const, event: warning("+promoted-slave", "n1 is master") };
const switched = { kind: "emit" as const, event: warning("+switch-master", "cache n0 n1") };
const unanswered: Outcome = { kind: "store-failed", why: "no answer" };
const won = ({ next }: WriteState): Outcome => ({
  ...{ kind: "state-written", state: next, askedAtMs: 1, readAtMs: 2 },
});

function decisionOf(plan: Plan): Decision {
  const look = { probe: [], info: false, rehearse: "no" as const, prepare: [], newcomers: [] };
  return {
    ...{ rule: "P510", why: "n1 is master", plan },
    look: {
      ...look,
      ...{ afterMs: 0, bystander: null, order: "together" as const },
      state: true,
      votes: false,
      record: "none",
    },
  };
}

function start() {
  const { memory } = watchCalm();
  const said: string[] = [];
  const lines = new UnsaidLines({
    reporter: {
      event: ({ name, rule, rev }) => said.push(`${rule} ${name} rev ${rev}`),
      line: () => {},
      flush: () => Promise.resolve(),
    },
  });
  const see = (state: GroupState | null | undefined) => lines.see({ ...memory, state });
  const stopAt = (plan: Plan, ...outcomes: readonly Outcome[]) =>
    lines.keep(decisionOf(plan), outcomes);
  return { said, see, stopAt };
}

describe("D1 what a plan has to say of a write that nobody answered", () => {
  test("is said as soon as STATE holds the write, and once", () => {
    const { said, see, stopAt } = start();
    const commit = write("a#7");

    stopAt([[commit], [promoted], [switched]], unanswered);
    see(before);
    expect(said).toEqual([]);

    see(commit.next);
    see(commit.next);
    const { rev } = commit.next;
    expect(said).toEqual([`P510 +promoted-slave rev ${rev}`, `P510 +switch-master rev ${rev}`]);
  });

  test("is said as of that write, although others have written since", () => {
    const { said, see, stopAt } = start();
    const commit = write("a#7");

    stopAt([[commit], [switched]], unanswered);
    see(openRound(commit.next, n0, by("c#2")).next);
    expect(said).toEqual([`P510 +switch-master rev ${commit.next.rev}`]);
  });

  test("is not said of a write whose id an earlier watch of the shift had used", () => {
    const { said, see, stopAt } = start();
    const standing = write("a#7").next;

    stopAt([[openRound(standing, n0, by("a#7"))], [switched]], unanswered);
    see(standing);
    expect(said).toEqual([]);
  });

  test("is never said of a write that others came before", () => {
    const { said, see, stopAt } = start();
    const commit = write("a#7");

    stopAt([[commit], [switched]], unanswered);
    see(others.next);
    see(commit.next);
    expect(said).toEqual([]);
  });

  test("is said of the one that arrived, where it was tried again", () => {
    const { said, see, stopAt } = start();
    const [first, second] = [write("a#7"), write("a#8")];

    stopAt([[first], [promoted]], unanswered);
    see(before);
    stopAt([[second], [switched]], unanswered);
    see(second.next);
    expect(said).toEqual([`P510 +switch-master rev ${second.next.rev}`]);
  });

  test("waits for a table that can be read", () => {
    const { said, see, stopAt } = start();
    const first = { ...write("a#7"), base: null };

    stopAt([[first], [switched]], unanswered);
    see(undefined);
    see(null);
    see(first.next);
    expect(said).toHaveLength(1);
  });

  test("is nothing where the write was answered, or where somebody else's was there", () => {
    const { said, see, stopAt } = start();
    const commit = write("a#7");
    const lost: Outcome = { kind: "state-lost", state: others.next, askedAtMs: 1, readAtMs: 2 };

    stopAt([[commit], [switched]], won(commit));
    stopAt([[commit], [switched]], lost);
    see(commit.next);
    expect(said).toEqual([]);
  });

  test("is of the write at which the plan stopped, and not of what the plan would have done next", () => {
    const { said, see, stopAt } = start();
    const [claim, commit] = [write("a#7"), write("a#8")];
    const effect = { kind: "cast-vote" as const, vote: vote("a") };

    stopAt([[claim], [promoted], [commit], [switched], [effect, promoted]], won(claim), unanswered);
    see(claim.next);
    expect(said).toEqual([]);

    stopAt([[commit], [switched], [effect, promoted], [promoted]], unanswered);
    see(commit.next);
    expect(said).toEqual([`P510 +switch-master rev ${commit.next.rev}`]);
  });

  test("is said without the wake that would have gone with it", () => {
    const { said, see, stopAt } = start();
    const opened = write("a#7");

    stopAt([[opened], [switched, { kind: "wake", round: 1 }]], unanswered);
    see(opened.next);
    expect(said).toHaveLength(1);
  });
});

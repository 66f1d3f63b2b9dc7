import { describe, expect, test } from "@jest/globals";
import { loadingForMs } from "../../lib/core/detector.ts";
import type { NodeFacts, Sample } from "../../lib/core/model.ts";
import { analyse, suspicion } from "../../lib/core/situation.ts";
import { formatVerdict, verdictOf } from "../../lib/core/verdict.ts";
import { heartbeatOf } from "../../lib/shift/heartbeat.ts";
import { answers, errs, isSilent, prepares, type Seen } from "../support/answers.ts";
import {
  calmStatus,
  groupConfig,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import {
  bothObserved,
  loseMaster,
  masterViewOf,
  Watch,
  type WatchStart,
  watchCalm,
  written,
} from "../support/watch.ts";

/** Fault N6: a restarted master that is not through with loading (rebootDownAfterMs). */

const limitMs = 8_000;
const impatient = groupConfig({ settings: { rebootDownAfterMs: limitMs } });

function loadingFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  const unread = { replid: "id-fresh", offset: 0, keys: 0, marker: null, isLoading: true };
  return masterFacts({ runId: "run-n0-again", ...unread, ...change });
}

/** PING says LOADING, INFO and ROLE are answered. */
function loads(facts: NodeFacts = loadingFacts()): Seen<Sample> {
  const { role, offset } = facts;
  return (nowMs) => ({ ...errs(n0, "LOADING")(nowMs), role: { role, offset }, facts });
}

const orphans = [answers(n1, orphanFacts()), answers(n2, orphanFacts())];
const loading = [loads(), ...orphans];

function lookFor(watch: Watch, forMs: number, samples: readonly Seen<Sample>[] = loading): Watch {
  for (let passedMs = 0; passedMs < forMs; passedMs += 1_000) {
    watch.look({ afterMs: 1_000, samples });
  }
  return watch;
}

const calm = (start: WatchStart = {}) => watchCalm({ config: impatient, ...start });
const held = (watch: Watch) => suspicion(masterViewOf(watch));

function verdict(watch: Watch): string {
  const node = watch.memory.nodes[n0];
  if (node === undefined) throw new Error(`expected a memory of ${n0}`);
  return formatVerdict(verdictOf(node, watch.memory.config.settings, watch.nowMs));
}

/** Leads epoch 2 against a master that it holds down for its loading. */
function claimedOver(watch: Watch) {
  const round = lookFor(watch, limitMs).look({ afterMs: 1_000, samples: loading });
  expect(round.rule).toBe("S310");
  const ballot = watch.look({ done: round, samples: loading });
  expect(ballot.rule).toBe("S330");
  const claim = watch.look({
    done: ballot,
    samples: loading,
    votes: [vote("a"), vote("b")],
    prepared: [...bothObserved, prepares(n0, loadingFacts(), 10)],
  });
  expect(claim.rule).toBe("S370");
  expect(written(claim)).toMatchObject({ candidate: { node: n1 }, previousOffset: 1_000 });
  const promote = watch.look({ done: claim, state: "unread" });
  expect(promote.rule).toBe("P540");
  return promote;
}

describe("N6 a master that loads", () => {
  test("is alive for ever unless rebootDownAfterMs is set", () => {
    const watch = lookFor(watchCalm(), 100_000);

    expect(held(watch)).toEqual({ kind: "none" });
    expect(verdict(watch)).toBe("loading");
  });

  test("is down(loading) when it has loaded for that long, and +sdown says why", () => {
    const watch = lookFor(calm(), limitMs);

    expect(held(watch)).toEqual({ kind: "none" });
    expect(verdict(watch)).toBe("loading");

    watch.look({ afterMs: 1_000, samples: loading });

    expect(held(watch)).toMatchObject({ kind: "full", of: "loading", sinceMs: 101_010 - 2 });
    expect(analyse(masterViewOf(watch)).name).toBe("LoadingMaster");
    expect(watch.noticed).toMatchObject([
      { name: "+sdown", node: n0, message: expect.stringContaining("loading its data") },
    ]);
  });

  test.each<[string, Seen<Sample>]>([
    ["a PONG", answers(n0)],
    ["another error", errs(n0, "BUSY")],
    ["what it says over another connection", answers(n0, masterFacts({ runId: "run-n0-again" }))],
  ])("is up again with %s", (_name, sample) => {
    const watch = lookFor(calm(), 2 * limitMs);
    watch.look({ samples: [sample, ...orphans] });

    expect(held(watch)).toEqual({ kind: "none" });
    expect(watch.noticed.map((event) => event.name)).toContain("-sdown");
  });

  test("loads on when INFO over another connection says so", () => {
    const watch = lookFor(calm(), 2 * limitMs);
    watch.look({ samples: [answers(n0, loadingFacts()), ...orphans] });

    expect(held(watch)).toMatchObject({ kind: "full", of: "loading" });
  });

  test("is given the whole time again by another restart, and by a freeze of the observer", () => {
    const again = lookFor(calm(), limitMs);
    again.look({ samples: [loads(loadingFacts({ runId: "run-n0-third" })), ...orphans] });
    const frozen = lookFor(calm(), limitMs);
    frozen.look({ wasFrozen: true, samples: loading });

    for (const watch of [again, frozen]) {
      expect(held(lookFor(watch, limitMs - 1_000))).toEqual({ kind: "none" });
      expect(held(lookFor(watch, 2_000))).toMatchObject({ kind: "full", of: "loading" });
    }
  });

  test("is asked at once which run of it loads", () => {
    const watch = calm();
    const facts = loadingFacts();
    const bare: Seen<Sample> = (nowMs) => ({ ...errs(n0, "LOADING")(nowMs), role: facts });

    expect(watch.look({ samples: [bare, ...orphans] }).look.info).toBe(true);
    expect(watch.look({ samples: loading }).look.info).toBe(false);
  });

  test("is not held down where its answers do not say that it is a master", () => {
    const bare = [errs(n0, "LOADING"), ...orphans];
    const replica = loadingFacts({ role: "replica", masterHost: "10.0.0.2", masterPort: 6379 });

    expect(held(lookFor(calm(), 2 * limitMs, bare))).toEqual({ kind: "none" });
    expect(held(lookFor(calm(), 2 * limitMs, [loads(replica), ...orphans]))).toMatchObject({
      of: "not-master",
    });
  });

  test("stays down(loading) over a probe that it misses, which is no fresh evidence", () => {
    const watch = lookFor(calm(), 2 * limitMs);
    watch.look({ samples: [isSilent(n0), ...orphans] });

    expect(held(watch)).toMatchObject({ kind: "building" });
    expect(verdict(watch)).toBe("down(loading)");
    watch.look({ samples: loading });
    expect(held(watch)).toMatchObject({ kind: "full", of: "loading" });
  });

  test("that falls silent is judged by its silence, beside what the replicas hear", () => {
    const watch = lookFor(calm(), 2 * limitMs);
    const linked = [answers(n1, replicaFacts()), answers(n2, replicaFacts())];
    lookFor(watch, 7_000, [isSilent(n0), ...linked]);

    expect(held(watch)).toMatchObject({ kind: "unreachable", says: "alive" });
  });
});

describe("N6 across shifts", () => {
  const toldOf = (runId: string) => ({
    suspect: n0,
    forMs: 0,
    offset: 900,
    loading: { runId, forMs: 6_000 },
  });

  test("a shift goes on from what its predecessor saw of the same run", () => {
    const watch = new Watch({ config: impatient, inherited: toldOf("run-n0-again") });

    expect(held(lookFor(watch, 2_000))).toEqual({ kind: "none" });
    expect(held(lookFor(watch, 1_000))).toMatchObject({ kind: "full", of: "loading" });
  });

  test("and not from what it saw of another run", () => {
    const watch = new Watch({ config: impatient, inherited: toldOf("run-n0-third") });

    expect(held(lookFor(watch, limitMs))).toEqual({ kind: "none" });
    expect(held(lookFor(watch, 1_000))).toMatchObject({ kind: "full", of: "loading" });
  });

  test("the heartbeat tells the successor of the run, the time, and the offset from before", () => {
    const watch = lookFor(calm(), 5_000);
    const status = { ...calmStatus, atMs: watch.nowMs, memory: watch.memory };
    const clock = {
      nowMs: () => watch.nowMs,
      wallTime: () => "2030-01-31T00:00:00.000Z",
      sleep: () => Promise.resolve(),
    };
    const self = { observer: "a", shift: 2, codeVersion: "1" };
    const told = heartbeatOf(self, new Map([["cache", status]]), clock).groups.cache;

    expect(told).toMatchObject({
      suspect: n0,
      suspectOffset: 1_000,
      suspectLoading: { runId: "run-n0-again", forMs: 4_002 },
    });
    expect(loadingForMs(watch.memory.nodes[n0] ?? fail(), watch.nowMs)).toBe(4_002);
  });
});

function fail(): never {
  throw new Error(`expected a memory of ${n0}`);
}

describe("N6 and the epoch", () => {
  test("S310 to P510: a replica takes its place, with the offset from before the restart as the loss's bound", () => {
    const watch = calm();
    const promote = claimedOver(watch);

    const commit = watch.look({ done: promote, oldMaster: loadingFacts(), state: "unread" });

    expect(commit.rule).toBe("P510");
    expect(written(commit)).toMatchObject({ phase: "settling", master: { node: n1 } });
  });

  test("S300: a PONG takes the vote back", () => {
    const watch = calm();
    const ballot = watch.look({
      done: lookFor(watch, limitMs).look({ afterMs: 1_000, samples: loading }),
      samples: loading,
    });
    expect(ballot.rule).toBe("S330");

    const back = watch.look({ done: ballot, samples: [answers(n0), ...orphans] });

    expect(back.rule).toBe("S300");
    expect(written(back).round.status).toBe("closed");
  });

  test("P500: before the commit it wins when it has loaded beside the promotion", () => {
    const watch = calm();
    const promote = claimedOver(watch);
    const oldMaster = masterFacts({ runId: "run-n0-again" });

    const closed = watch.look({ done: promote, oldMaster, state: "unread" });

    expect(closed.rule).toBe("P500");
    expect(written(closed)).toMatchObject({ phase: "steady", master: { node: n0 } });
  });

  test("P500: before the commit it wins with its first PONG", () => {
    const watch = calm();
    claimedOver(watch);

    expect(watch.look({ samples: [answers(n0), ...orphans] }).rule).toBe("P500");
  });

  test("P500: before the commit it wins when another run of it loads beside the promotion", () => {
    const watch = calm();
    const promote = claimedOver(watch);
    const oldMaster = loadingFacts({ runId: "run-n0-third" });

    const closed = watch.look({ done: promote, oldMaster, state: "unread" });

    expect(closed.rule).toBe("P500");
  });

  test("P500: it wins against an observer that has not seen it load for that long", () => {
    const watch = calm();
    const votes = [vote("a"), vote("b")];
    const round = loseMaster(watch);
    const ballot = watch.look({ done: round, samples: [isSilent(n0), ...orphans] });
    const claim = watch.look({
      done: ballot,
      samples: [isSilent(n0), ...orphans],
      votes,
      prepared: bothObserved,
    });
    const promote = watch.look({ done: claim, state: "unread" });
    expect(promote.rule).toBe("P540");

    const closed = watch.look({ done: promote, oldMaster: loadingFacts(), state: "unread" });

    expect(closed.rule).toBe("P500");
  });
});

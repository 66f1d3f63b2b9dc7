import { describe, expect, test } from "@jest/globals";
import type { NodeFacts, Sample, Vote } from "../../lib/core/model.ts";
import { answers, errs, isSilent, rehearses, type Seen } from "../support/answers.ts";
import {
  groupState,
  masterFacts,
  masterRecord,
  n0,
  n1,
  n2,
  openOn,
  replicaFacts,
  vote,
} from "../support/builders.ts";
import { commandsOf, eventNames, kindsOf, Watch, written } from "../support/watch.ts";

/** A group that nobody has adopted yet: no marker. */
const ofMaster = (change: Partial<NodeFacts> = {}) => masterFacts({ marker: null, ...change });
const ofReplica = (change: Partial<NodeFacts> = {}) => replicaFacts({ marker: null, ...change });
const everybody = [answers(n0, ofMaster()), answers(n1, ofReplica()), answers(n2, ofReplica())];

const names = (observer: string, node: string, change: Partial<Vote> = {}) =>
  vote(observer, { verdict: "names", node, epoch: 0, round: 1, ...change });

const asking = (number: number) =>
  groupState({
    epoch: 0,
    masterEpoch: 0,
    master: null,
    published: null,
    round: openOn(number, { purpose: "bootstrap", suspect: null }),
  });

/** A shift that saw the bootstrap round 1 opened, and has voted in it. */
function voted(): Watch {
  const watch = new Watch({ state: null });
  const created = watch.look({ samples: everybody });
  const vote = watch.look({ done: created, samples: everybody });
  watch.look({ done: vote, samples: everybody });
  return watch;
}

describe("bootstrap", () => {
  test("B200 creates STATE with a round that asks who is master", () => {
    const watch = new Watch({ state: null });

    const decision = watch.look({ samples: everybody });

    expect(decision.rule).toBe("B200");
    expect(commandsOf(decision)[0]).toMatchObject({ kind: "write-state", base: null });
    expect(written(decision).round).toMatchObject({ number: 1, purpose: "bootstrap" });
    expect(decision.look).toMatchObject({ probe: [n0, n1, n2], info: true, state: true });
  });

  test("B220 votes for the single master, by an answer younger than the round", () => {
    const watch = new Watch({ state: null });
    const created = watch.look({ samples: everybody });

    const asksAgain = watch.look({ done: created });
    const votes = watch.look({ samples: everybody });

    expect(asksAgain).toMatchObject({ rule: "B220", plan: [], look: { info: true } });
    expect(votes.rule).toBe("B220");
    expect(commandsOf(votes)[0]).toMatchObject({
      kind: "cast-vote",
      vote: { round: 1, epoch: 0, verdict: "names", node: n0, lastOffset: 1_000 },
    });
    expect(votes.look).toMatchObject({ state: true, votes: true });
  });

  test("B230 adopts the master that a quorum names; settling publishes it", () => {
    const watch = voted();

    const decision = watch.look({ samples: everybody, votes: [names("a", n0), names("b", n0)] });

    expect(decision.rule).toBe("B230");
    expect(written(decision)).toMatchObject({
      epoch: 1,
      masterEpoch: 1,
      phase: "settling",
      master: { ...masterRecord, isMarked: false },
      leader: "a/2",
      round: { status: "closed" },
    });
    expect(eventNames(decision)).toEqual(["+monitor"]);
  });

  test("B230 tells when nobody can say whether Redis Sentinels manage the group", () => {
    const watch = voted();
    const samples = [...everybody, answers(n1, ofReplica({ sentinels: null }))];

    const decision = watch.look({ samples, votes: [names("a", n0), names("b", n0)] });

    expect(decision.rule).toBe("B230");
    expect(eventNames(decision)).toEqual(["+monitor", "+page"]);
  });

  test("B230 not by votes that were read before STATE", () => {
    const watch = voted();
    const votes = [names("a", n0), names("b", n0)];

    const decision = watch.look({ samples: everybody, votes, stateAskedAgoMs: 0 });

    expect(decision.rule).toBe("B240");
  });

  test("B240 waits for a quorum, and says who voted", () => {
    expect(voted().look({ samples: everybody, votes: [names("a", n0)] })).toMatchObject({
      rule: "B240",
      why: `waiting for a quorum to name ${n0}; so far a=${n0}`,
      plan: [],
      look: { votes: true },
    });
  });

  test("F2 B210 a standing round of unknown age is superseded, not joined", () => {
    const decision = new Watch({ state: asking(3) }).look({ samples: everybody });

    expect(decision.rule).toBe("B210");
    expect(written(decision).round).toMatchObject({ number: 4, purpose: "bootstrap" });
  });

  test("B210 opens the next round when all have voted and do not agree", () => {
    const votes = [names("a", n0), names("b", n1), names("c", n0)];

    const decision = voted().look({ samples: everybody, votes });

    expect(decision.rule).toBe("B210");
    expect(written(decision).round.number).toBe(2);
  });

  test("B220 a vote is cast once in a round", () => {
    expect(kindsOf(voted().look({ samples: everybody }))).toEqual([]);
  });
});

describe("B240 a group that could not be failed over is not adopted", () => {
  const login = (isLoginNeeded: boolean, isLoginSet: boolean) => ({
    replication: { isLoginNeeded, isLoginSet, isTls: false },
  });
  const overTls = (isTls: boolean) => ({
    replication: { isLoginNeeded: false, isLoginSet: false, isTls },
  });

  test.each<[string, readonly Seen<Sample>[], string | null]>([
    [
      "the master has no masterauth, and its replicas have one",
      [
        rehearses(n0, ofMaster(), login(false, false)),
        rehearses(n1, ofReplica(), login(false, true)),
        rehearses(n2, ofReplica(), login(false, true)),
      ],
      `${n0} has no masterauth`,
    ],
    [
      "a node needs no login itself, and the others need one",
      [
        rehearses(n0, ofMaster(), login(true, true)),
        rehearses(n1, ofReplica(), login(true, true)),
        rehearses(n2, ofReplica(), login(false, false)),
      ],
      `${n2} has no masterauth`,
    ],
    [
      "one replicates in the clear",
      [
        rehearses(n0, ofMaster(), overTls(true)),
        rehearses(n1, ofReplica(), overTls(false)),
        rehearses(n2, ofReplica(), overTls(true)),
      ],
      `${n1} has tls-replication off`,
    ],
    [
      "REPLICAOF is renamed",
      [...everybody, rehearses(n2, ofReplica(), { oddities: ["no-replicaof"] })],
      `${n2} refuses REPLICAOF`,
    ],
    [
      "what may be left out is no reason",
      [...everybody, rehearses(n2, ofReplica(), { oddities: ["no-client-kill", "no-failover"] })],
      null,
    ],
    [
      "nobody needs a login",
      [n0, n1, n2].map((node) =>
        rehearses(node, node === n0 ? ofMaster() : ofReplica(), login(false, false)),
      ),
      null,
    ],
    [
      "one does not say how it replicates",
      [
        rehearses(n0, ofMaster(), login(true, true)),
        rehearses(n1, ofReplica(), { replication: null }),
        rehearses(n2, ofReplica(), login(true, true)),
      ],
      null,
    ],
  ])("%s", (_name, samples, why) => {
    const decision = new Watch({ state: asking(1) }).look({ samples });

    expect(decision.rule).toBe(why === null ? "B210" : "B240");
    if (why !== null) expect(decision.why).toContain(why);
  });

  test("B220 no vote is cast before everybody was asked for it", () => {
    const created = new Watch({ state: null }).look({ samples: everybody });

    expect(created).toMatchObject({ rule: "B200", look: { info: true, rehearse: "again" } });
  });
});

describe("B240 what is no single master is reported once and waits", () => {
  test.each<[string, readonly Seen<Sample>[], string]>([
    ["nobody answers", [isSilent(n0), isSilent(n1), isSilent(n2)], "no node of the group answers"],
    ["no master", [answers(n1, ofReplica())], "no node that answers is a master"],
    [
      "two masters",
      [...everybody, answers(n1, ofMaster({ runId: "run-n1" }))],
      `more than one master: ${n0}, ${n1}; make the others its replicas`,
    ],
    [
      "a chain",
      [...everybody, answers(n2, ofReplica({ masterHost: "10.0.0.2" }))],
      `${n2} follows 10.0.0.2:6379, not ${n0}`,
    ],
    [
      "a master that loads",
      [...everybody, answers(n0, ofMaster({ isLoading: true }))],
      `${n0} is still loading its data`,
    ],
    [
      "a node in cluster mode",
      [...everybody, answers(n1, ofReplica({ oddities: ["cluster"] }))],
      `${n1} runs in cluster mode, which replicates by itself; set cluster-enabled to no, or leave it out of the groups file`,
    ],
    [
      "a replica that takes writes",
      [...everybody, answers(n1, ofReplica({ oddities: ["writable-replica"] }))],
      `${n1} is a replica that takes writes of its own, so nobody knows what it holds; set replica-read-only to yes and let it synchronise again`,
    ],
    [
      "one server under two names",
      [...everybody, answers(n1, ofMaster())],
      `${n0} is the same server as another node of the group; name each server once in the groups file`,
    ],
    [
      "something that is no Redis",
      [...everybody, errs(n2, "PROTOCOL", "expected the Redis protocol, got something else")],
      `${n2} is no Redis server: expected the Redis protocol, got something else`,
    ],
    [
      "protected mode",
      [...everybody, errs(n2, "NOAUTH", "DENIED Redis is running in protected mode")],
      `${n2} lets nobody look: DENIED Redis is running in protected mode`,
    ],
    [
      "Redis Sentinels that manage it",
      [...everybody, answers(n0, ofMaster({ sentinels: 3 }))],
      `3 Redis Sentinels are connected to ${n0}: stop them first, two managers fight`,
    ],
  ])("%s", (_name, samples, why) => {
    const watch = new Watch({ state: asking(1) });
    watch.look({ samples });

    const later = watch.look({ samples, afterMs: 6_000 });
    const again = watch.look({ samples });

    expect(later).toMatchObject({ rule: "B240", why });
    expect(eventNames(later)).toEqual(["+hold"]);
    expect(again).toMatchObject({ rule: "B240", plan: [] });
  });

  test("the first answers are awaited before anything is reported", () => {
    const watch = new Watch({ state: asking(1) });

    expect(watch.look({ samples: [isSilent(n0)] })).toMatchObject({ rule: "B240", plan: [] });
  });
});

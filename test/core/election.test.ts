import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import type { Contender } from "../../lib/core/election.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import {
  contender,
  groupConfig,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
} from "../support/builders.ts";
import { electAmong } from "../support/elect.ts";

const replica = (node: string, change: Partial<NodeFacts> = {}) =>
  contender(node, { facts: orphanFacts({ runId: `run-${node}`, ...change }) });

function chosen(...contenders: readonly Contender[]): string {
  const { choice } = electAmong(contenders);
  return choice.kind === "chosen" ? choice.node : choice.why;
}

describe("S7 who may not be promoted, each with its reason", () => {
  test.each<[string, Contender, string]>([
    ["held down", contender(n1, { isHeldDown: true }), "it is down"],
    ["silent now", contender(n1, { facts: null }), "it did not answer"],
    ["the suspect", contender(n0), "it is the suspect"],
    ["N6 loading", replica(n1, { isLoading: true }), "it is loading its data set"],
    ["priority 0", replica(n1, { priority: 0 }), "its replica-priority is 0"],
    ["another history", replica(n1, { replid: "id-9" }), "another history"],
    ["never synced", replica(n1, { hasSynced: false }), "never completed a synchronisation"],
    ["N12 mid-sync", replica(n1, { isSyncing: true }), "in the middle of a synchronisation"],
    ["cluster mode", contender(n1, { oddities: ["cluster"] }), "it runs in cluster mode"],
    ["N19 no REPLICAOF", contender(n1, { oddities: ["no-replicaof"] }), "it refuses REPLICAOF"],
    ["N19 no MULTI", contender(n1, { oddities: ["no-transaction"] }), "it refuses MULTI"],
    ["managed", contender(n1, { oddities: ["managed"] }), "it belongs to ElastiCache"],
    [
      "writes of its own",
      contender(n1, { oddities: ["writable-replica"] }),
      "it is a replica that takes writes of its own",
    ],
    ["N11 stale link", replica(n1, { linkDownSeconds: 56 }), "its link was down for 56000 ms"],
  ])("%s", (_name, one, reason) => {
    const { choice, field } = electAmong([one]);

    expect(choice).toMatchObject({ kind: "none", why: expect.stringContaining(reason) });
    expect(field).toMatchObject([{ node: one.node, isEligible: false }]);
  });

  test("N3 who went on with a master that came back with older data, however far that has come since", () => {
    const lineage = { replid: "id-9", replid2: "id-1", secondOffset: 601 };
    const copy = replica(n1, { ...lineage, offset: 5_000 });

    const { choice, field } = electAmong([copy, replica(n2)], {
      lesser: { replid: "id-9", upTo: null },
    });

    expect(choice).toMatchObject({ kind: "chosen", node: n2 });
    expect(field[0]?.why).toBe("it has no more than the master came back with");
    expect(chosen(copy, replica(n2))).toBe(n1);
  });

  test("N3 who has no more of the history than what the master's older RDB brought back", () => {
    const less = replica(n1, { offset: 600, isLinkUp: false });

    const { choice, field } = electAmong([less], { lesser: { replid: "id-9", upTo: 600 } });

    expect(choice).toMatchObject({ kind: "none" });
    expect(field[0]?.why).toBe("it has no more than the master came back with");
    expect(electAmong([less], { lesser: { replid: "id-9", upTo: 599 } }).choice).toMatchObject({
      kind: "chosen",
    });
  });

  test("maxLagBytes bounds the lag where it is known, and an unknown lag is allowed", () => {
    const config = groupConfig({ settings: { maxLagBytes: 100 } });
    const at = (masterOffset: number | null) => electAmong([replica(n1)], { config, masterOffset });

    expect(at(1_100).choice.kind).toBe("chosen");
    expect(at(1_101).choice).toMatchObject({ kind: "none", why: expect.stringContaining("101") });
    expect(at(null).field).toMatchObject([
      { isEligible: true, lagBytes: null, why: "lag unknown" },
    ]);
    expect(at(900).field).toMatchObject([{ lagBytes: 0 }]);
  });

  test("N16 who could not be promoted just before comes after everybody else, and is not left out", () => {
    const better = replica(n1, { offset: 1_000 });
    const other = replica(n2, { offset: 900 });

    const again = electAmong([better, other], { failedBefore: n1 });
    const alone = electAmong([better], { failedBefore: n1 });

    expect(again.choice).toMatchObject({ kind: "chosen", node: n2 });
    expect(alone.choice).toMatchObject({ kind: "chosen", node: n1 });
  });

  test("a link that is down since the master is gone is no fault of the replica", () => {
    const long = replica(n1, { linkDownSeconds: 100 });

    expect(electAmong([long], { masterGoneMs: 51_000 }).choice.kind).toBe("chosen");
    expect(electAmong([long], { masterGoneMs: 49_000 }).choice.kind).toBe("none");
  });

  test("a link that was down for long is no reason to choose a node that holds less", () => {
    const long = replica(n1, { linkDownSeconds: 100, offset: 1_000 });
    const among = (other: Partial<NodeFacts>) =>
      electAmong([long, replica(n2, other)], { masterGoneMs: 0 }).choice;

    expect(among({ offset: 999 })).toMatchObject({ kind: "chosen", node: n1 });
    expect(among({ offset: 999, priority: 1 })).toMatchObject({ kind: "chosen", node: n2 });
    expect(among({ offset: 1_001 })).toMatchObject({ kind: "chosen", node: n2 });
    expect(electAmong([long], { masterGoneMs: 0 }).choice.kind).toBe("none");
  });

  test("F15 no candidate names every node and its reason", () => {
    expect(chosen(replica(n1, { priority: 0 }), contender(n2, { isHeldDown: true }))).toBe(
      `${n1}: its replica-priority is 0; ${n2}: it is down`,
    );
    expect(chosen()).toBe("the group has no other node");
  });
});

describe("the order of the eligible", () => {
  test("priority first, then offset, then run id", () => {
    const far = replica(n1, { offset: 900 });
    const near = replica(n2, { offset: 950 });

    expect(chosen(far, near)).toBe(n2);
    expect(chosen(replica(n1, { offset: 900, priority: 10 }), near)).toBe(n1);
    expect(chosen(replica(n1, { runId: "b" }), replica(n2, { runId: "a" }))).toBe(n2);
  });

  test("F8 a node of ours that already says master may be chosen: that is its adoption", () => {
    const orphan = contender(n1, { facts: masterFacts({ replid: "id-2", replid2: "id-1" }) });

    expect(electAmong([orphan]).choice).toMatchObject({
      kind: "chosen",
      why: expect.stringContaining("already a master"),
    });
  });

  test("F8 a master comes before the replicas that have its stream, which were asked at another moment", () => {
    const lineage = { replid: "id-2", replid2: "id-1", secondOffset: 901 };
    const master = contender(n1, { facts: masterFacts({ runId: "z", ...lineage }) });
    const linked = { ...lineage, isLinkUp: true, linkDownSeconds: null };

    expect(chosen(replica(n2, linked), master)).toBe(n1);
    // What came to it after it was asked has reached a replica that was asked last.
    expect(chosen(replica(n2, { ...linked, offset: 1_050 }), master)).toBe(n1);
    expect(chosen(replica(n2, { ...linked, priority: 10 }), master)).toBe(n2);
    // A master that was put back to an older state is no more what a replica without a link has the stream of.
    expect(chosen(replica(n2, { ...lineage, offset: 1_050 }), master)).toBe(n2);
    // Nor is it known to have what belongs to another history.
    expect(chosen(replica(n2, { isLinkUp: true }), master)).toBe(n2);
    expect(chosen(replica(n2, { isLinkUp: true, offset: 1_050 }), master)).toBe(n2);
  });

  test("F8 the master itself may be chosen only when it is no master any more", () => {
    const demoted = replica(n0);

    expect(electAmong([demoted]).choice.kind).toBe("none");
    expect(electAmong([demoted], { isMasterEligible: true }).choice.kind).toBe("chosen");
  });

  test("L3 takes the master that became a replica and never got a link: the data is its own", () => {
    const unlinked = replica(n0, { hasSynced: false, linkDownSeconds: null });

    expect(electAmong([unlinked], { isMasterEligible: true }).choice.kind).toBe("chosen");
    const longAgo = replica(n0, { linkDownSeconds: 3_600 });
    expect(electAmong([longAgo], { isMasterEligible: true }).choice.kind).toBe("chosen");
  });

  test("holds for a silent node that was seen ahead of the choice", () => {
    const ahead = contender(n2, { facts: null, lastKnownOffset: 1_001 });

    expect(chosen(replica(n1), ahead)).toContain(`${n2} is silent now but was seen at offset 1001`);
    expect(chosen(replica(n1), { ...ahead, lastKnownOffset: 1_000 })).toBe(n1);
    expect(chosen(replica(n1), { ...ahead, isHeldDown: true })).toBe(n1);
  });

  test("an operator who consents to lose as much as only a silent node has gets the choice", () => {
    const ahead = contender(n2, { facts: null, lastKnownOffset: 1_500 });
    const among = (consentedLossBytes: number) =>
      electAmong([replica(n1), ahead], { consentedLossBytes }).choice;

    expect(among(499).kind).toBe("none");
    expect(among(500)).toMatchObject({ kind: "chosen", node: n1 });
  });
});

describe("N13 the choice as a total order", () => {
  const facts = fc.record({
    priority: fc.constantFrom(0, 1, 100),
    offset: fc.constantFrom(900, 950, 1_000),
    runId: fc.constantFrom("a", "b", "c", "d"),
    isLoading: fc.boolean(),
    isLinkUp: fc.boolean(),
    isSyncing: fc.boolean(),
    hasSynced: fc.boolean(),
    replid: fc.constantFrom("id-1", "id-9"),
    role: fc.constantFrom("master" as const, "replica" as const),
  });
  const field = fc
    .uniqueArray(facts, { minLength: 1, maxLength: 6, selector: (one) => one.runId })
    .map((all) => all.map((one) => contender(`node-${one.runId}`, { facts: orphanFacts(one) })));

  test("does not depend on the order in which the nodes are listed", async () => {
    await fc.assert(
      fc.property(
        field.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([listed, shuffled]) => {
          const first = electAmong(listed).choice;
          const second = electAmong(shuffled).choice;
          expect(second.kind).toBe(first.kind);
          if (first.kind === "chosen") expect(second).toEqual(first);
        },
      ),
    );
  });

  const isFedBy = (master: NodeFacts, { role, isLinkUp, replid }: NodeFacts) =>
    role === "replica" && isLinkUp && replid === master.replid;

  test("S7 no eligible node is better than the chosen one", async () => {
    await fc.assert(
      fc.property(field, (all) => {
        const { choice, field: rows } = electAmong(all);
        if (choice.kind !== "chosen")
          return expect(rows.every((row) => !row.isEligible)).toBe(true);
        const eligible = all.filter(
          ({ node }) => rows.find((row) => row.node === node)?.isEligible === true,
        );
        // The stream of a replica whose link is up is its master's, who has come at least as far by now.
        const fed = eligible.flatMap(({ facts }) =>
          facts !== null && choice.facts.role === "master" && isFedBy(choice.facts, facts)
            ? [facts.offset]
            : [],
        );
        const reach = Math.max(choice.facts.offset, ...fed);
        for (const one of eligible) {
          if (one.facts === null) continue;
          expect(choice.facts.priority).toBeLessThanOrEqual(one.facts.priority);
          if (one.facts.priority !== choice.facts.priority) continue;
          expect(reach).toBeGreaterThanOrEqual(one.facts.offset);
          const isPassedOver = one.facts.role === "master" && isFedBy(one.facts, choice.facts);
          expect(isPassedOver).toBe(false);
        }
      }),
    );
  });

  test("a worse contender never changes the choice", async () => {
    await fc.assert(
      fc.property(field, (all) => {
        const worse = contender("last", { facts: orphanFacts({ priority: 0 }) });
        const before = electAmong(all).choice;
        const after = electAmong([worse, ...all]).choice;
        expect(after.kind).toBe(before.kind);
        if (before.kind === "chosen" && after.kind === "chosen")
          expect(after.node).toBe(before.node);
      }),
    );
  });
});

describe("oddities that stand in no promotion's way", () => {
  test("what a role change can do without is no reason against it", () => {
    const odd = contender(n1, {
      facts: orphanFacts({ offset: 2_000 }),
      oddities: ["no-client-kill", "no-masterauth", "no-marker", "no-failover"],
    });

    expect(chosen(odd, replica(n2))).toBe(n1);
  });

  test("a replica with writes of its own is chosen by whoever names it, and one that can't change its role is not", () => {
    const named = (oddity: "writable-replica" | "no-replicaof") =>
      electAmong([contender(n1, { oddities: [oddity] })], { only: n1 }).choice.kind;

    expect(named("writable-replica")).toBe("chosen");
    expect(named("no-replicaof")).toBe("none");
  });
});

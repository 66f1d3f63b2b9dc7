import { describe, expect, test } from "@jest/globals";
import { openRound } from "../../lib/core/state.ts";
import { answers, isSilent, refuses } from "../support/answers.ts";
import { groupConfig, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { watchCalm, type Watch, withoutMaster } from "../support/watch.ts";

const { downAfterMs, probeIntervalMs, probeTimeoutMs } = watchCalm().memory.config.settings;
const replicas = [answers(n1, replicaFacts()), answers(n2, replicaFacts())];
/** Nodes are asked so long before their test's decision. */
const askedAgoMs = 3;

/** The master's first unanswered probe, and another one so that the evidence is full this long after the decision. */
function missTill(watch: Watch, leftMs: number, samples = withoutMaster) {
  watch.look({ samples });
  return watch.look({ samples, afterMs: downAfterMs - askedAgoMs - leftMs });
}

describe("a look at a node whose evidence is about to be full", () => {
  test("begins early enough to end with it, where the node is silent", () => {
    const decision = missTill(watchCalm(), probeTimeoutMs + 100);

    expect(decision.look).toMatchObject({ afterMs: 100, probe: [n0, n1, n2] });
  });

  test("begins at once where it would end late", () => {
    const decision = missTill(watchCalm(), probeTimeoutMs - 100);

    expect(decision.look.afterMs).toBe(0);
  });

  test("begins with it, where the node answers at once that nobody listens", () => {
    const config = groupConfig({ settings: { crashAfterMs: 0 } });
    const samples = [refuses(n0), ...replicas];
    const decision = missTill(watchCalm({ config }), probeTimeoutMs - 100, samples);

    expect(decision.look.afterMs).toBe(probeTimeoutMs - 100);
  });

  test("keeps to the interval before, and after", () => {
    const watch = watchCalm();
    const first = watch.look({ samples: [isSilent(n1), answers(n0), answers(n2)] });
    const late = missTill(watch, -downAfterMs, [isSilent(n1), answers(n0), answers(n2)]);

    expect(first.look.afterMs).toBe(probeIntervalMs - askedAgoMs);
    expect(late.look.afterMs).toBe(probeIntervalMs - askedAgoMs);
  });
});

describe("S320 a round that is open while a silent master is asked", () => {
  test("is read before it is asked", () => {
    const silent = watchCalm().look({ samples: withoutMaster });
    const refused = watchCalm().look({ samples: [refuses(n0), ...replicas] });

    expect([silent.look.order, refused.look.order]).toEqual(["state-first", "together"]);
  });

  test("is voted in when the evidence is full: that silence came after it", () => {
    const decision = voteAfter({ readAgoMs: askedAgoMs + 1 });

    expect(decision.rule).toBe("S330");
  });

  test("takes another look where it was read after the master was asked", () => {
    const decision = voteAfter({ readAgoMs: askedAgoMs - 1 });

    expect(decision.rule).toBe("S320");
  });
});

/** Observer b opens a round, of which this shift reads beside the last look before its evidence is full. */
function voteAfter({ readAgoMs }: { readonly readAgoMs: number }) {
  const watch = watchCalm();
  missTill(watch, probeTimeoutMs);
  const writer = { attempt: "b#1", shift: "b/1", rule: "S310", why: "n0 is down" };
  if (watch.table !== null) watch.table = openRound(watch.table, n0, writer).next;
  return watch.look({ samples: withoutMaster, afterMs: probeTimeoutMs, stateReadAgoMs: readAgoMs });
}

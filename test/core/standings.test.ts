import { describe, expect, test } from "@jest/globals";
import { elect } from "../../lib/core/election.ts";
import { type Standing, whyBehind } from "../../lib/core/standings.ts";
import { contender, groupConfig, masterRecord, n1, n2, orphanFacts } from "../support/builders.ts";

/** The choice between the two, and why the other one comes after it. */
function choose(one: Partial<Standing>, other: Partial<Standing>) {
  const config = groupConfig();
  const standings = [
    { node: n1, offset: 1_000, priority: 100, ...one },
    { node: n2, offset: 1_000, priority: 100, ...other },
  ];
  const { choice } = elect({
    config,
    master: masterRecord,
    isMasterEligible: false,
    contenders: standings.map(({ node, offset, priority }) =>
      contender(node, { facts: orphanFacts({ runId: `run-${node}`, offset, priority }) }),
    ),
    masterOffset: 1_000,
    masterGoneMs: 1_000,
    failedBefore: null,
    isHandOver: false,
    avoided: [],
    only: null,
    consentedLossBytes: null,
    lesser: null,
  });
  const best = standings.find(({ node }) => choice.kind === "chosen" && node === choice.node);
  const last = standings.find((standing) => standing !== best);
  if (best === undefined || last === undefined) throw new Error("expected a choice");
  return { chosen: best.node, why: whyBehind(config, best, last) };
}

describe("why a node comes after the one that is chosen", () => {
  test("names the priority before all else", () => {
    expect(choose({ offset: 10, priority: 50 }, {})).toEqual({
      chosen: n1,
      why: `priority 100 of the server, and ${n1} has 50`,
    });
  });

  test("then how many bytes it has less", () => {
    expect(choose({ offset: 990 }, {})).toEqual({
      chosen: n2,
      why: `the same priority, and 10 bytes less than ${n2}`,
    });
  });

  test("and at last the run id, which says nothing of either", () => {
    expect(choose({}, {})).toEqual({
      chosen: n1,
      why: `as good as ${n1}, whose run id sorts first`,
    });
  });
});

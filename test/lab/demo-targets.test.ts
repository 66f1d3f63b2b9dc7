import { describe, expect, test } from "@jest/globals";
import { formatSummary, noInstants } from "../../lab/demo-summary.ts";
import { demoTargets, missedTargets } from "../../lab/demo-targets.ts";
import { groupConfig } from "../support/builders.ts";

const { settings } = groupConfig({
  settings: { probeIntervalMs: 1_000, probeTimeoutMs: 500, crashAfterMs: 1_500 },
});
const targets = demoTargets(settings, 1_000);
const measured = { promoteMs: 4_000, dnsMs: 4_501, firstWriteMs: null, rejoinMs: 900 };

describe("the targets of a failover in the lab", () => {
  test("follow from the settings, as docs/limits.md has them", () => {
    expect(targets).toEqual({
      promoteMs: 4_000,
      dnsMs: 4_500,
      firstWriteMs: 6_500,
      rejoinMs: 2_500,
    });
  });

  test("are missed by what took longer, and not by what never came", () => {
    expect(missedTargets(measured, targets)).toEqual(["dnsMs"]);
  });

  test("stand beside what was measured", () => {
    const lines = formatSummary({
      ...{
        ok: true,
        problems: [],
        server: "redis 7",
        oldMaster: "a:1",
        newMaster: "b:1",
        epoch: 2,
      },
      ...{ ...noInstants(), ...measured, targets, missed: ["dnsMs"] },
      ...{ acknowledgedWrites: 1, lostWrites: 0, unansweredWrites: 0 },
    }).split("\n");
    expect(lines.find((line) => line.includes("promoted"))).toMatch(/4000 ms {4}target 4000 ms$/);
    expect(lines.find((line) => line.includes("DNS"))).toMatch(
      /4501 ms {4}MISSED its target of 4500 ms$/,
    );
  });
});

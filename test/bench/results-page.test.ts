import { describe, expect, it } from "@jest/globals";
import { XMLValidator } from "fast-xml-parser";
import { measurementsOf } from "../../bench/measurements.ts";
import { chartsOf } from "../../bench/report/charts.ts";
import { dollarTarget, tenGroups } from "../../bench/report/dollars.ts";
import { Figures } from "../../bench/report/figures.ts";
import { resultsPage } from "../../bench/report/results-page.ts";
import { formatNumber, formatSpread, withPropagation } from "../../bench/report/tables.ts";
import { targetsOf } from "../../bench/report/targets.ts";
import { sample } from "./bench-samples.ts";

const verdictsOf = (ours: Record<string, number>, sentinel: Record<string, number>) => {
  const figures = new Figures([sample("kill", "ours", ours), sample("kill", "sentinel", sentinel)]);
  const [first] = targetsOf(figures);
  return first?.verdict;
};

const bill = await tenGroups();

function never(): never {
  throw new Error("expected a group");
}

describe("targets", () => {
  it("judge the time beyond downAfterMs of both sides", () => {
    expect(verdictsOf({ firstWriteMs: 1_250 }, { firstWriteMs: 2_260 })).toBe("reached");
    expect(verdictsOf({ firstWriteMs: 1_260 }, { firstWriteMs: 2_260 })).toBe("missed");
  });

  it("leave open what one side did not measure", () => {
    expect(verdictsOf({ firstWriteMs: 1_250 }, {})).toBeNull();
    expect(targetsOf(new Figures([])).every(({ verdict }) => verdict === null)).toBe(true);
  });

  it("rest on medians of the runs that did not fail", () => {
    const figures = new Figures([
      ...[100, 40, 45].map((ms) => sample("kill", "ours", { lastVoteToWritableMs: ms })),
      sample("kill", "ours", { lastVoteToWritableMs: 9_000 }, { failure: "late" }),
    ]);
    const vote = targetsOf(figures).find(({ what }) => what.startsWith("vote that completes"));
    expect(vote).toMatchObject({ ours: 45, sentinel: null, verdict: "reached" });
  });

  it("judge a cap by the most of all runs", () => {
    const runs = [9, 10, 11].map((most) =>
      sample("200-groups", "ours", { route53PerSecondMax: most }),
    );
    const cap = targetsOf(new Figures(runs)).find(({ ours }) => ours !== null);
    expect(cap).toMatchObject({ unit: "requests", ours: 11, verdict: "missed" });
  });

  it("count what is written in calm beside heartbeats", () => {
    const calm = { "hour: PutItem OBSERVER": 840, "hour: Query CONFIG": 60 };
    const of = (readings: Record<string, number>) =>
      targetsOf(new Figures([sample("calls", "ours", readings)])).find(({ what }) =>
        what.startsWith("writes to the table"),
      );
    expect(of(calm)).toMatchObject({ ours: 0, verdict: "reached" });
    expect(of({ ...calm, "hour: PutItem STATE": 20 })).toMatchObject({
      ours: 20,
      verdict: "missed",
    });
    expect(of({})).toMatchObject({ ours: null, verdict: null });
  });

  it("judge the simulated groups by one group of the same run", () => {
    const readings = { oneWritableMs: 1_000, writableLastMs: 2_001, route53PerSecondMax: 10 };
    const targets = targetsOf(new Figures([sample("simulated-groups", "ours", readings)]));
    const of = (unit: string) => targets.filter((one) => one.ours !== null && one.unit === unit);
    expect(of("ms").map(({ verdict }) => verdict)).toEqual(["missed"]);
    expect(of("requests").map(({ verdict }) => verdict)).toEqual(["reached"]);
  });
});

describe("dollars", () => {
  it("are judged by what one observer of ten groups costs in pulse", () => {
    expect(dollarTarget(bill)).toMatchObject({ unit: "$ a month", verdict: "reached" });
    const [group] = bill.groups;
    const twice = { ...bill, groups: Array.from({ length: 20 }, () => group ?? never()) };
    expect(dollarTarget(twice).ours).toBeGreaterThan(dollarTarget(bill).ours ?? 0);
    expect(dollarTarget({ ...bill, tableCopies: 9 }).verdict).toBe("missed");
  });

  it("stand on the page by cadence, with what is paid for apart", () => {
    const page = resultsPage([], [], measurementsOf({ groups: 20 }), [], bill);
    expect(page).toMatch(/\| pulse \| \$\d\.\d\d \| \$\d\.\d\d \|/);
    expect(page).toContain("CloudWatch, alarms");
  });
});

describe("the page", () => {
  it("says that it is no result while runs are missing, which failed, and what was not measured", () => {
    const samples = [
      sample("kill", "ours", { firstWriteMs: 1_200 }),
      sample("hang", "ours", {}, { failure: "Expected a failover, got none.\nat x" }),
    ];
    const page = resultsPage(samples, [], measurementsOf({ groups: 20 }), [], bill);
    expect(page).toContain("**Not a result yet**, for want of kill, ours: 1 of 10 runs");
    expect(page).toContain("hang, ours, pair 1: Expected a failover, got none.");
    expect(page).toContain("not measured");
    expect(page).not.toContain("at x");
  });

  it("explains what was missed by its profile, says where there is none, and nothing of what was reached", () => {
    const readings = { cpuUsPerNodeSecond: 81, rssMiB: 104 };
    const samples = [
      sample("watching-300", "ours", readings),
      sample("kill", "ours", { oldAcceptedMs: 301 }),
    ];
    const page = resultsPage(samples, [], measurementsOf({ groups: 20 }), [], bill);
    const [, why = ""] = page.split("### Why they were missed");
    expect(why).toMatch(/- \*\*CPU of one process that watches 300 nodes\*\*: .*\(NOTES.md#/);
    expect(why).toMatch(/- \*\*killed master is back: .*: no profile explains it yet/);
    expect(why).not.toContain("**memory of one process");
  });

  it("is a result with ten pairs of everything", () => {
    const all = measurementsOf({ groups: 20 });
    const samples = all.flatMap(({ name }) =>
      (["ours", "sentinel"] as const).flatMap((side) =>
        Array.from({ length: 10 }, (_, pair) => sample(name, side, { someMs: pair }, { pair })),
      ),
    );
    const page = resultsPage(samples, [], all, [{ name: "a.svg", says: "A picture." }], bill);
    expect(page).not.toContain("Not a result yet");
    expect(page).toContain("| someMs | 4.50 (2.25 to 6.75; 0 to 9) |");
    expect(page).toContain("![A picture.](pictures/a.svg)");
  });

  it("adds propagation and one TTL to what the lab measured, and nothing where the name appears at once", () => {
    expect(withPropagation(1_200, 0, 5)).toBe(1_200);
    expect(withPropagation(1_200, 20, 5)).toBe(26_200);
  });

  it("writes numbers with the digits that they are worth", () => {
    expect([1_234.56, 45.67, 3.21987, 4, null].map(formatNumber)).toEqual([
      ...["1235", "45.7", "3.22", "4", "–"],
    ]);
    expect(formatSpread(null)).toBe("–");
  });
});

describe("pictures", () => {
  it("are SVG with what was measured, and the same each time", () => {
    const figures = new Figures([
      sample("kill", "ours", { detectedMs: 1_050, firstWriteMs: 1_200 }),
      sample("kill", "sentinel", { detectedMs: 1_050, firstWriteMs: 2_300 }),
      sample("watching-60", "ours", { cpuUsPerNodeSecond: 70 }),
    ]);
    const charts = chartsOf(figures);
    expect(charts.map(({ name }) => name)).toEqual(["failovers.svg", "steps.svg", "watching.svg"]);
    for (const { svg } of charts) {
      expect(XMLValidator.validate(svg)).toBe(true);
      expect(svg).toContain("Redis Sentinel");
    }
    expect(chartsOf(new Figures([]))).toEqual([]);
  });
});

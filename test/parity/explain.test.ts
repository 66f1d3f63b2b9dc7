import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { NowReport, PastReport } from "../../lib/cli/explain-report.ts";
import type { HistoryReport } from "../../lib/cli/history.ts";
import { expectSettled } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";
import type { Entry } from "../support/timeline.ts";

afterEach(stopRigs);

async function explainNow(rig: Rig): Promise<NowReport> {
  return JSON.parse((await rig.cli("explain", "orders", "--json")).stdout);
}

async function explainPast(rig: Rig, ...question: readonly string[]): Promise<PastReport> {
  return JSON.parse((await rig.cli("explain", "orders", ...question, "--json")).stdout);
}

/** STATE's log is copied into the events by whoever reads it next. */
async function historyOf(rig: Rig, epoch: number): Promise<HistoryReport["groups"][number]> {
  return rig.timeline.until("a history with that epoch's end", async () => {
    const report: HistoryReport = JSON.parse((await rig.cli("history", "--json")).stdout);
    const [group] = report.groups;
    if (group?.failovers[0]?.epoch === epoch && group.failovers[0].endedAt !== null) return group;
    throw new Error(JSON.stringify(group?.failovers[0]));
  });
}

describe("why a failover came, and why one does not", () => {
  test("is told in calm, of a failover, and of a round that the cool-down held back", async () => {
    // Prepare
    const rig = await startRig({ settings: { cooldownMs: 600_000 } });
    const first = (await rig.state()).master?.node ?? "";
    const calm = await explainNow(rig);

    // Act
    const since = rig.timeline.mark();
    await rig.node(first).kill();
    const switched = await rig.timeline.eventually(
      "a switch",
      ({ event }) => event === "+switch-master",
      { since },
    );
    const second = switched.node ?? "";
    await rig.node(first).restart();
    await expectSettled(rig, second);
    const history = await historyOf(rig, 2);
    const past = await explainPast(rig, "--epoch", "2");
    const file = join(tmpdir(), `report-${process.pid}.html`);
    const written = await rig.cli("report", "orders", "--html", file);
    await rig.node(second).kill();
    const isHold = ({ event, rule }: Entry) => event === "+hold" && rule === "S350";
    await rig.timeline.eventually("a hold", isHold, { since });
    const held = await explainNow(rig);
    const { number } = (await rig.state()).round;
    const round = await explainPast(rig, "--round", String(number));

    // Assess
    expect(calm).toMatchObject({
      answer: `no failover, because no observer holds ${first} down`,
      stop: { name: "evidence", rule: "S310" },
    });
    expect(calm.candidates.map(({ isEligible }) => isEligible)).toEqual([true, true]);
    expect(calm.candidates[0]).toMatchObject({ isFavourite: true, why: "by what it said last" });
    expect(history.failovers[0]).toMatchObject({
      epoch: 2,
      kind: "failover",
      isAutomatic: true,
      result: "completed",
      from: first,
      to: second,
      durationsMs: { detectMs: expect.any(Number), downToWritableMs: expect.any(Number) },
    });
    expect(history.failovers.map(({ kind }) => kind)).toEqual(["failover", "adoption"]);
    expect(past.conditions.map(({ isMet }) => isMet)).not.toContain("no");
    expect(past.votes.filter(({ verdict }) => verdict === "down").length).toBeGreaterThan(1);
    expect(past.candidates[0]).toMatchObject({ node: second, isChosen: true });
    expect(past.candidates).toHaveLength(2);
    expect(written).toMatchObject({ code: 0 });
    expect(await readFile(file, "utf8")).toContain(`orders, epoch 2: ${first} → ${second}`);
    expect(held).toMatchObject({
      stop: { name: "cool-down", rule: "S350" },
      answer: expect.stringMatching(/^no failover at S350: another \d+ ms after/),
    });
    expect(round).toMatchObject({ stop: { name: "cool-down", rule: "S350" }, failover: null });
    expect(rig.others(second).map(idOf)).toContain(first);
  }, 90_000);
});

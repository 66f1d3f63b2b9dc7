import { afterEach, describe, expect, test } from "@jest/globals";
import { expectSettled } from "../support/assess.ts";
import { idOf, type Rig, startRig, stopRigs } from "../support/rig.ts";
import type { Entry } from "../support/timeline.ts";

afterEach(stopRigs);

/** Long enough that nothing here waits for its end. */
const settings = { cooldownMs: 600_000 };

function said(event: string) {
  return (one: Entry) => one.event === event;
}

/** Kills the master and lets it come back as a replica of the next one; returns that one's id. */
async function failOver(rig: Rig): Promise<string> {
  const since = rig.timeline.mark();
  const old = (await rig.state()).master?.node ?? "";
  await rig.node(old).kill();
  const switched = await rig.timeline.eventually("a switch", said("+switch-master"), { since });
  await rig.node(old).restart();
  await expectSettled(rig, switched.node ?? "");
  return switched.node ?? "";
}

describe("S13 one automatic failover in a cool-down", () => {
  test("a second outage calls people once, and waits until an operator acknowledges the first", async () => {
    // Prepare
    const rig = await startRig({ settings });
    const second = await failOver(rig);
    const standing = await rig.cli("status", "orders");

    // Act
    const since = rig.timeline.mark();
    await rig.node(second).kill();
    const isPage = (one: Entry) => one.event === "+page" && one.rule === "S350";
    const page = await rig.timeline.eventually("a call for people", isPage, { since });
    await rig.timeline.eventually("a hold of each", said("+hold"), { since });
    const held = await rig.state();
    const acked = await rig.cli("ack", "orders");
    const ack = await rig.timeline.eventually("the acknowledgement", said("+ack"), { since });
    const switched = await rig.timeline.eventually("a switch", said("+switch-master"), { since });

    // Assess
    expect(standing.stdout).toMatch(
      /cool-down +since the automatic failover of epoch 2: for another/,
    );
    expect(page.node).toBe(second);
    expect(page.message).toContain("`lambda-sentinel ack orders` ends that");
    expect(rig.timeline.entries.slice(since).filter(isPage)).toHaveLength(1);
    expect(held).toMatchObject({ epoch: 2, phase: "steady", pagedEpoch: 2 });
    expect(acked).toMatchObject({ code: 0 });
    expect(acked.stdout).toContain(`acknowledged the automatic failover of epoch 2 to ${second}`);
    expect(ack.message).toContain(`acknowledges the automatic failover of epoch 2 to ${second}`);
    expect(switched.node).not.toBe(second);
    await expectSettled(rig, switched.node ?? "");
    expect((await rig.cli("ack", "orders")).code).toBe(0);
    expect((await rig.cli("status", "orders")).stdout).not.toContain("cool-down");
  }, 90_000);

  test("whenFlapping: failover replaces two more masters, calls people each time, and holds for the next", async () => {
    // Prepare
    const rig = await startRig({ settings, groupLines: ["whenFlapping: failover"] });
    const since = rig.timeline.mark();

    // Act
    await failOver(rig);
    await failOver(rig);
    const fourth = await failOver(rig);
    await rig.node(fourth).kill();
    const isHold = (one: Entry) => one.event === "+hold" && one.rule === "S350";
    const hold = await rig.timeline.eventually("a hold", isHold, { since });

    // Assess
    expect(hold.node).toBe(fourth);
    const pages = rig.timeline.entries.slice(since).filter(said("+page"));
    expect(pages.filter(({ rule }) => rule === "S370").map(({ message }) => message)).toEqual([
      expect.stringContaining("failing over within the cool-down, 1 of 2 times"),
      expect.stringContaining("failing over within the cool-down, 2 of 2 times"),
    ]);
    expect(await rig.state()).toMatchObject({
      epoch: 4,
      master: { node: fourth },
      earlyEpochs: [3, 4],
    });
    expect(rig.others(fourth).map(idOf)).toHaveLength(2);
  }, 120_000);
});

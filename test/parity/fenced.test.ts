import { afterEach, describe, expect, test } from "@jest/globals";
import { labObservers } from "../../lab/world.ts";
import { expectSettled, expectWrites, roleOf } from "../support/assess.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

const momentMs = 500;

const [first, second, third] = labObservers;

describe("an old master that one observer of three still reaches", () => {
  test("is made a replica by that one, its clients are cut, and the name waits for it where a vote said so", async () => {
    // Prepare: the wait is long enough for a slow machine; without the fence it would be waited for in full.
    const rig = await startRig({
      isRouted: true,
      settings: { fenceWaitMs: 8_000, takeoverMs: 12_000 },
      groupLines: ["whenUnreachable: failover"],
    });
    const before = await rig.state();
    const old = rig.node(before.master?.node ?? "");
    const writer = rig.startWriter();
    await expectWrites(rig, writer);
    const since = rig.timeline.mark();

    // Act: nothing passes between two observers and the master, and it serves everybody else.
    await rig.route([second, third], [old], "silent");
    const promoted = await rig.timeline.eventually(
      "a promotion",
      (one) => one.event === "+promoted-slave",
      { since },
    );
    const fenced = await rig.timeline.eventually(
      "the old master as a replica",
      (one) => one.event === "+convert-to-slave" && one.node === idOf(old),
      { since },
    );
    await expectWrites(rig, writer);
    await rig.route([second, third], [old], "open");
    await expectSettled(rig, promoted.node ?? "");
    await writer.stop();

    // Assess
    expect(fenced.observer).toBe(first);
    const up = rig.timeline.named("+vote", since).filter((one) => one.message.includes("votes up"));
    // Where two votes had won before the third could be cast, there is none, and nobody knew that there was somebody to wait
    // for; and one that was cast in the moment of the claim had not been read by it.
    expect(up.filter((one) => one.observer !== first)).toEqual([]);
    const [claimed] = rig.timeline.named("+odown", since);
    const [published] = rig.timeline.named("+published", since);
    const isKnown = (up[0]?.atMs ?? Number.POSITIVE_INFINITY) < (claimed?.atMs ?? 0) - momentMs;
    expect(published?.atMs).toBeGreaterThan(isKnown ? fenced.atMs : promoted.atMs);
    expect(await roleOf(old)).toMatchObject({ role: "replica", follows: promoted.node });
    expect(writer.masters).toEqual([idOf(old), promoted.node]);
  }, 60_000);
});

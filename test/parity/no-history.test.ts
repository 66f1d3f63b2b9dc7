import { afterEach, expect, test } from "@jest/globals";
import { asking, expectWrites, lostOn, roleOf } from "../support/assess.ts";
import { idOf, startRig, stopRigs } from "../support/rig.ts";

afterEach(stopRigs);

test("all were down, the master stays away and no history is known: nobody is chosen, and people choose by hand", async () => {
  // Prepare
  const rig = await startRig({ persistence: "aof" });
  const { timeline, world } = rig;
  const before = await rig.state();
  const [old, chosen, other] = world.nodes;
  if (old === undefined || chosen === undefined || other === undefined) throw new Error("nodes");
  const writer = rig.startWriter();
  await expectWrites(rig, writer, 50);
  await writer.stop();
  await Promise.all(world.nodes.map((node) => node.kill()));
  await timeline.eventually("a group that is down", (one) => one.event === "+sdown");

  // Act: what comes back from an AOF has a new replication id, which nobody recorded.
  const since = timeline.mark();
  await Promise.all([chosen.restart(), other.restart()]);
  const nobody = await timeline.eventually(
    "a reason that names both",
    (one) =>
      one.event === "-failover-abort-no-good-slave" &&
      [chosen, other].every((node) => one.message.includes(`${idOf(node)}: it holds`)),
    { since, limitMs: 30_000 },
  );
  const untouched = await rig.state();
  await asking(chosen, (ask) => ask("REPLICAOF", "NO", "ONE"));
  await asking(other, (ask) => ask("REPLICAOF", chosen.host, chosen.port));
  // Refused for as long as an observer's last word of a node is from before.
  await timeline.until(
    "the group to be adopted as it was put right",
    async () => expect(await rig.cli("adopt", "orders", "--yes")).toMatchObject({ code: 0 }),
    60_000,
  );
  const adopted = await rig.state();
  await old.restart();
  await timeline.until(
    "the old master to follow",
    async () => expect(await roleOf(old)).toMatchObject({ follows: idOf(chosen), isLinkUp: true }),
    30_000,
  );

  // Assess
  for (const node of [chosen, other]) {
    expect(nobody.message).toContain(
      `${idOf(node)}: it holds another history than the master's, with the group's marker of epoch 1 and`,
    );
  }
  expect(nobody.message).toContain(
    `start ${idOf(old)} with its data, or choose one by hand, let the others follow it, and run \`lambda-sentinel adopt orders\``,
  );
  expect(untouched).toMatchObject({ epoch: before.epoch, master: { node: idOf(old) } });
  expect(adopted).toMatchObject({
    ...{ phase: "steady", epoch: before.epoch + 1, master: { node: idOf(chosen) } },
    previousMaster: { node: idOf(old) },
  });
  expect(await lostOn(chosen, writer)).toEqual([]);
}, 150_000);

import { describe, expect, test } from "@jest/globals";
import { descendsFrom } from "../../lib/core/lineage.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import {
  attachNow,
  caughtUp,
  deadlineMs,
  factsOf,
  observedOn,
  patient,
  promoteNow,
  type RedisPlay,
  seen,
  startPair,
} from "./redis-stage.ts";

/** Role changes: what they make of a node, and what they leave as it is. */
export function describeRoles(name: string, play: RedisPlay): void {
  describe(`a role change of ${name}`, () => {
    test("promoting makes a master that writes, is marked, and descends from what was observed", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await master.write();
        await caughtUp(stage, replica, master);

        const { before, after } = await promoteNow(stage, replica, 7);

        expect(before).toMatchObject({ role: "replica", marker: null, keys: 2, replPingMs: null });
        expect(after).toMatchObject({
          role: "master",
          marker: 7,
          keys: 3,
          runId: before.runId,
          replid2: before.replid,
          secondOffset: before.offset + 1,
          hasSynced: true,
          masterHost: null,
          isLinkUp: false,
          linkDownSeconds: null,
          failoverState: "no-failover",
        });
        expect(after.offset).toBeGreaterThan(before.offset);
        expect(descendsFrom(before, after)).toBe(true);
        expect(await replica.write()).toBe("done");
      }));

    test("promoting a master keeps its ids, and marks it", () =>
      play(async (stage) => {
        const { master } = await startPair(stage);

        const { before, after } = await promoteNow(stage, master, 7);

        const { replid, replid2, secondOffset } = before;
        expect(after).toMatchObject({ role: "master", replid, replid2, secondOffset, marker: 7 });
      }));

    test("a group without a marker gets none", () =>
      play(async (stage) => {
        const { replica } = await startPair(stage);
        const nodes = stage.observer({ hasMarker: false });
        const session = gotFrom(await nodes.openSession(replica.node, deadlineMs));
        const before = gotFrom(await session.observe(deadlineMs));

        const change = { kind: "promote" as const, epoch: 7 };
        const { facts } = gotFrom(await session.changeRole(change, deadlineMs));

        expect(before.marker).toBeUndefined();
        expect(facts.marker).toBeUndefined();
        expect(await factsOf(stage, replica)).toMatchObject({ marker: null, keys: 1 });
      }));

    test("a master names the replicas that are in step, where they announce themselves", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);

        const { replicas } = await seen(stage, master, (facts) => facts.replicas.length === 1);
        const ofReplica = await factsOf(stage, replica);
        await replica.kill();
        const after = await seen(stage, master, (facts) => facts.replicas.length === 0);

        expect(replicas).toEqual([replica.node.replicate]);
        expect(ofReplica.replicas).toEqual([]);
        expect(after.role).toBe("master");
      }));

    test("attaching demotes a master, which does not say since when it has no link", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        await promoteNow(stage, replica, 2);
        // Nobody answers there: the link stays down.
        replica.hang();

        const { before, after } = await attachNow(stage, master, replica);
        const sample = await stage.observer().probe(master.node, { ...patient, info: false });

        expect(after).toMatchObject({
          role: "replica",
          masterHost: replica.node.replicate.host,
          masterPort: replica.node.replicate.port,
          replid: before.replid,
          offset: before.offset,
          isLinkUp: false,
          lastIoSeconds: null,
          linkDownSeconds: null,
        });
        expect(sample.role).toEqual({ role: "replica", offset: null });
        expect(await master.write()).toBe("refused");
      }));

    test("attaching to an address where nobody listens keeps the data for reading, until a master is found", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const { after: promoted } = await promoteNow(stage, replica, 2);
        // What only the old master holds is what a sync with the new one would take.
        await master.write();
        const { session, before } = await observedOn(stage, master);
        const nobody = { kind: "attach" as const, master: { host: "127.0.0.1", port: 1 } };

        const { facts } = gotFrom(await session.changeRole(nobody, deadlineMs));

        expect(facts).toMatchObject({ role: "replica", masterHost: "127.0.0.1", isLinkUp: false });
        expect(await master.write()).toBe("refused");
        // It has tried, more than once.
        await stage.pass(2_500);
        expect(await factsOf(stage, master)).toMatchObject({
          role: "replica",
          keys: before.keys,
          replid: before.replid,
          offset: before.offset,
        });
        expect(before.keys).toBe(promoted.keys);
        await attachNow(stage, master, replica);
        const { replid } = await factsOf(stage, replica);
        await seen(stage, master, (now) => now.isLinkUp && now.replid === replid);
      }));

    test("attaching to the same master again leaves the link as it is", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);

        const { before, after } = await attachNow(stage, replica, master);

        expect(after).toMatchObject({ isLinkUp: true, replid: before.replid });
      }));

    test("a marker is set on a master, and refused by a replica", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const onMaster = (await observedOn(stage, master)).session;
        const onReplica = (await observedOn(stage, replica)).session;

        gotFrom(await onMaster.setMarker(3, deadlineMs));
        const refused = failureOf(await onReplica.setMarker(4, deadlineMs));

        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
        await seen(stage, replica, (facts) => facts.marker === 3);
        expect(gotFrom(await onMaster.observe(deadlineMs)).keys).toBe(2);
      }));

    test("REPLICAOF is not held up by a pause of writes; a promotion that marks is", () =>
      play(async (stage) => {
        const { master, replica } = await startPair(stage);
        const other = await stage.start();
        await other.pauseWrites(5_000);
        await replica.pauseWrites(1_500);

        const attached = await attachNow(stage, other, master);
        const { session } = await observedOn(stage, replica);
        const promoting = session.changeRole({ kind: "promote", epoch: 2 }, deadlineMs);
        const during = await factsOf(stage, replica);
        const promoted = gotFrom(await promoting);

        expect(attached.after.role).toBe("replica");
        expect(during.role).toBe("replica");
        expect(promoted.facts).toMatchObject({ role: "master", marker: 2 });
      }));
  });
}

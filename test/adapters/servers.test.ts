import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { findRedis, type RedisBinary } from "../../lab/redis/find.ts";
import { continuesChain, descendsFrom, isOfChain } from "../../lib/core/lineage.ts";
import type { Result } from "../../lib/ports/errors.ts";
import { deadlineMs, nodeAt, RedisLab, until, wants } from "../support/redis-lab.ts";

/**
 * What the protocol takes for granted of a server, on every kind of server that is there: Redis from the platform, and
 * Valkey where `bash scripts/fetch-valkey.sh` has unpacked it.
 */

const valkey = fileURLToPath(new URL("../../.cache/valkey/valkey-server", import.meta.url));
const paths = [undefined, ...(existsSync(valkey) ? [valkey] : [])];
const binaries: readonly RedisBinary[] = await Promise.all(
  paths.map((path) => findRedis(path === undefined ? process.env : { REDIS_SERVER: path })),
);

const lab = new RedisLab();
afterEach(() => lab.close());

function got<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected success, got ${result.kind}: ${result.why}`);
}

describe.each(binaries.map((binary) => [`${binary.kind} ${binary.version}`, binary] as const))(
  "on %s",
  (_name, binary) => {
    test("a promotion keeps the history as second id, marks the data and cuts every other connection", async () => {
      const { replica } = await lab.startPair({ binary });
      const session = await lab.session(replica);
      const rival = await lab.session(replica);
      const chosen = got(await session.observe(deadlineMs));
      got(await rival.observe(deadlineMs));

      const done = got(await session.changeRole({ kind: "promote", epoch: 7 }, deadlineMs));

      expect(done.facts).toMatchObject({ role: "master", replid2: chosen.replid, marker: 7 });
      expect(descendsFrom(chosen, done.facts)).toBe(true);
      const late = await rival.changeRole({ kind: "promote", epoch: 8 }, deadlineMs);
      expect(late).toMatchObject({ ok: false });
      expect(got(await session.observe(deadlineMs)).marker).toBe(7);
    });

    test("FAILOVER hands over: the target is master, the old master its replica", async () => {
      const { master, replica } = await lab.startPair({ binary });
      const old = await lab.session(master);
      got(await old.observe(deadlineMs));

      const change = { kind: "hand-over" as const, to: replica, timeoutMs: 5_000 };
      got(await old.changeRole(change, deadlineMs));

      await until(async () => {
        const probe = await lab.nodes().probe(nodeAt(replica), wants);
        return probe.role?.role === "master";
      });
      const probe = await lab.nodes().probe(nodeAt(master), wants);
      expect(probe.facts).toMatchObject({ role: "replica", masterHost: replica.host });
    });

    test.each(["aof", "rdb"] as const)(
      "a master restarted with its %s keeps data and marker under a new id",
      async (persistence) => {
        const { master, replica } = await lab.startPair({ binary, persistence });
        const session = await lab.session(master);
        const before = got(await session.observe(deadlineMs));
        got(await session.setMarker(3, deadlineMs));
        // A clean stop writes the RDB; the AOF needs none.
        await replica.kill();
        await master.stop();
        await master.restart();

        const probe = await lab.nodes().probe(nodeAt(master), wants);

        const facts = probe.facts;
        if (facts === undefined) throw new Error("expected facts of the restarted master");
        expect(facts).toMatchObject({ role: "master", marker: 3, keys: before.keys + 1 });
        expect(facts.replid).not.toBe(before.replid);
        expect(continuesChain(before, facts)).toBe(persistence === "rdb");
        expect(isOfChain(before, facts)).toBe(persistence === "rdb");
      },
    );
  },
);

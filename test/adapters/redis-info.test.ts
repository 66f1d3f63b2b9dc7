import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import * as z from "zod";
import { factsFrom } from "../../lib/adapters/redis-info.ts";

/** What INFO says of a replica, with so much beside it that a text that is kept shows. */
function infoOf(node: number): string {
  return [
    "redis_version:7.0.15-of-a-distribution",
    `run_id:${String(node).padStart(40, "a")}`,
    "role:slave",
    "master_host:a-name-of-some-length.example.com",
    "master_port:6379",
    `master_replid:${"b".repeat(40)}`,
    `master_replid2:${"c".repeat(40)}`,
    "master_failover_state:failover-in-progress",
    `executable:${"x".repeat(100_000)}`,
  ].join("\r\n");
}

function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = z.function().parse(runInNewContext("gc"));
  collect();
  return process.memoryUsage().heapUsed;
}

test("keeps nothing of an INFO but what it says", () => {
  // Prepare
  const nodes = 500;
  const extras = { replPingMs: null, sentinels: null };
  const before = usedBytes();

  // Act
  const facts = Array.from({ length: nodes }, (_, node) => factsFrom(infoOf(node), extras));

  // Assess
  expect(usedBytes() - before).toBeLessThan(nodes * 10_000);
  expect(facts[7]).toMatchObject({
    runId: "7".padStart(40, "a"),
    masterHost: "a-name-of-some-length.example.com",
    replid2: "c".repeat(40),
  });
});

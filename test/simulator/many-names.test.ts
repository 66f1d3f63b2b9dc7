import { describe, expect, test } from "@jest/globals";
import { createTokenBucket } from "../../lab/route53/token-bucket.ts";
import { type RecordSet, wantedRecords } from "../../lib/core/records.ts";
import { groupConfig } from "../support/builders.ts";
import { CountedDns } from "./counted-dns.ts";
import { Engine, Process } from "./engine.ts";
import { splitPrng } from "./prng.ts";

const zoneId = "Z0123456789ABCDEFGHIJ";
const limit = { burst: 10, perSecond: 10 };

/** Three leaders, each with its third of the groups, and every observer reads ahead for every group, as they do. */
async function moveNames(count: number) {
  const engine = new Engine();
  const dns = new CountedDns(splitPrng(1, "dns"), () => {});
  const owned = Array.from({ length: count }, (_, index) => {
    const group = `g${String(index).padStart(4, "0")}`;
    const record = { zoneId, name: `${group}.sim.test`, ttlSeconds: 1, srv: true };
    const wanted = (epoch: number): readonly RecordSet[] =>
      wantedRecords(groupConfig({ name: group }), record, ownerOf(group, epoch), {
        host: `10.0.${epoch}.1`,
        port: 6379,
      });
    return { group, record, wanted };
  });
  dns.records = owned.flatMap(({ wanted }) => wanted(1));
  dns.bucket = createTokenBucket(limit);
  const leaders = ["a", "b", "c"].map((name) => dns.portFor(new Process(engine, name, 0, 1)));
  let moved = 0;
  let lastMs = 0;
  for (const [index, { group, record, wanted }] of owned.entries()) {
    for (const [at, port] of leaders.entries()) {
      void port.read(record).then(async (read) => {
        if (at !== index % leaders.length) return;
        const known = read.ok ? read.value : null;
        const owner = ownerOf(group, 2);
        const done = await port.publish({
          ...{ dns: record, owner, wanted: wanted(2), known },
          isCurrent: () => true,
        });
        if (!done.ok) return;
        moved += 1;
        lastMs = engine.nowMs;
      });
    }
  }
  await engine.runUntil(60_000);
  return { dns, moved, lastMs };
}

function ownerOf(group: string, epoch: number) {
  return { deployment: "prod", group, epoch };
}

describe("many groups of one zone move their names at once", () => {
  test("one group needs a reading ahead for each observer, a batch and a reading back", async () => {
    const { dns, moved } = await moveNames(1);

    expect(moved).toBe(1);
    expect(dns.requestsAtMs).toHaveLength(3 + 2);
  });

  test("two hundred stay below the account's limit, which turns nobody away", async () => {
    const { dns, moved, lastMs } = await moveNames(200);

    expect(moved).toBe(200);
    expect(dns.throttled).toBe(0);
    expect(dns.records.filter(({ values: [value] }) => value === "10.0.2.1")).toHaveLength(200);
    // Three pages, batches of 67 groups, and readings back: one request a group would be twenty seconds and more.
    expect(dns.requestsAtMs.length).toBeLessThanOrEqual(40);
    expect(lastMs).toBeLessThan(6_000);
  });
});

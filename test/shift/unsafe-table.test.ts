import { describe, expect, it } from "@jest/globals";
import { type Failure, failure, success } from "../../lib/ports/errors.ts";
import { handOver, type ShiftPorts, startShift, watchGroups } from "../../lib/shift/shift.ts";
import { groupConfig } from "../support/builders.ts";
import { createFakeClock } from "../support/cli.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { unmetered } from "../support/unmetered.ts";

/** One shift with a group in its table, and what it connected to and said. */
async function work(unsafe: Failure | ReturnType<typeof success<string | null>>) {
  const store = createMemoryStore();
  await store.putConfig(groupConfig());
  const connected: string[] = [];
  const said: string[] = [];
  const ports: ShiftPorts = {
    store,
    clock: createFakeClock(),
    dns: {
      read: () => Promise.resolve(failure("refused", "no zone")),
      publish: () => Promise.resolve(failure("refused", "no zone")),
      resolve: () => Promise.resolve(failure("refused", "no zone")),
    },
    reporter: {
      event: () => {},
      line: (level, text) => {
        said.push(`${level}: ${text}`);
      },
      flush: () => Promise.resolve(),
    },
    meter: unmetered,
    waker: { wake: () => Promise.resolve(success(undefined)) },
    connect: ({ name }) => {
      connected.push(name);
      return Promise.resolve(failure("refused", "no nodes in this test"));
    },
    whyTableIsUnsafe: () => Promise.resolve(unsafe),
    keeping: { recall: null },
    watchFreezes: () => ({ lastThawMs: () => Number.NEGATIVE_INFINITY, stop: () => {} }),
  };
  const shift = await startShift(ports, {
    ...{ observer: "a", deployment: "prod", codeVersion: "1", requestId: "12345678", woken: null },
    ...{ cadence: "loop", pulseMs: 5_000, pulse: null },
    ...{ shiftMs: 1_000, remainingMs: 30_000, signal: new AbortController().signal },
  });
  const report = await handOver(shift, await watchGroups(shift));
  return { report, connected, said, writes: store.writes };
}

describe("D5 a table that can't tell one winner from two", () => {
  it("is not worked with: nothing is watched, nothing is written, and the reason is told", async () => {
    const { report, connected, said, writes } = await work(success("replicas disagree"));

    expect(report).toMatchObject({ groups: [], reason: "replicas disagree" });
    expect(connected).toEqual([]);
    expect(writes.filter((one) => !one.startsWith("CONFIG"))).toEqual([]);
    expect(said).toContain("error: replicas disagree");
  });

  it("is only suspected where it can't be asked: the group is watched, and that is told", async () => {
    const { connected, said } = await work(failure("denied", "AccessDenied"));

    expect(connected).toContain("cache");
    expect(said).toContain("warn: whether the table may decide is not known: AccessDenied");
  });
});

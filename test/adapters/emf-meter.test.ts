import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createEmf } from "../../lib/adapters/emf.ts";
import { createEmfMeter } from "../../lib/adapters/emf-meter.ts";
import type { Beat, Meter, WatchedGroup } from "../../lib/ports/meter.ts";
import type { Heartbeat } from "../../lib/ports/store.ts";
import { groupReport } from "../support/cli.ts";
import { captureEmf, type EmfLines, isAsCatalogued } from "../support/emf-lines.ts";
import { manualClock, settle } from "../support/manual-clock.ts";
import { createMemoryStore, type MemoryStore } from "../support/memory-store.ts";

let lines: EmfLines;
let time: ReturnType<typeof manualClock>;
let store: MemoryStore;
let meter: Meter;
let calls: Record<string, number>;
let delayMs: number;

beforeEach(() => {
  lines = captureEmf();
  time = manualClock();
  store = createMemoryStore();
  calls = {};
  delayMs = 0;
  meter = createEmfMeter({
    emf: createEmf({ deployment: "prod", observer: "a" }),
    ...{ observer: "a", store, clock: time.clock },
    calls: { take: () => calls, stop: () => {} },
    loopDelay: { takeMs: () => delayMs },
  });
  meter.begin(null);
});
afterEach(() => lines.restore());

const cache: WatchedGroup = {
  name: "cache",
  observers: ["a", "b", "c"],
  votesNeeded: 2,
  troubles: {},
};

function own(change: Partial<WatchedGroup> = {}): Beat {
  return { heartbeat: heartbeat("a", 1), groups: [{ ...cache, ...change }] };
}

function heartbeat(observer: string, shift: number, configVersion = 1): Heartbeat {
  const groups = { cache: groupReport({ configVersion }) };
  return { observer, shift, at: "2030-01-31T04:00:00.000Z", codeVersion: "1", groups };
}

/** Beats every 15 s while these observers do the same; the others stay as they are. */
async function beatFor(forMs: number, alive: readonly string[], beat: Beat = own()): Promise<void> {
  for (let passedMs = 0; passedMs < forMs; passedMs += 15_000) {
    await time.pass(15_000);
    for (const one of alive) {
      const shift = (store.heartbeats.get(one)?.shift ?? 0) + 1;
      store.heartbeats.set(one, heartbeat(one, shift));
    }
    meter.beat(beat);
    await settle();
  }
}

describe("calm", () => {
  test("is four metrics of the observer, and none of any group", async () => {
    meter.begin(14_000);
    calls = { dynamodb: 12, "route-53": 1 };
    await beatFor(60_000, ["b", "c"]);

    const names = new Set(lines.data().map((one) => one.name));
    expect([...names].sort()).toEqual(["AwsCalls", "GroupsWatched", "Heartbeats", "ShiftGap"]);
    expect(new Set(lines.data().flatMap((one) => one.series))).toEqual(
      new Set(["deployment=prod,observer=a"]),
    );
    expect(lines.data().every(isAsCatalogued)).toBe(true);
    expect(lines.valuesOf("Heartbeats")).toEqual([1, 1, 1, 1]);
    expect(lines.valuesOf("ShiftGap")).toEqual([14_000]);
    expect(lines.valuesOf("AwsCalls")).toEqual([13, 13, 13, 13]);
    expect(lines.lines()[0]).toMatchObject({ calls: "dynamodb 12, route-53 1" });
  });

  test("counts heartbeats that come in a row in one line, and loses none at the end of the shift", async () => {
    for (let beats = 0; beats < 5; beats += 1) meter.beat(own());
    await meter.flush();

    expect(lines.valuesOf("Heartbeats")).toEqual([1, 4]);
  });

  test("says nothing of a gap that nobody knows", () => {
    meter.beat(own());

    expect(lines.valuesOf("ShiftGap")).toEqual([]);
  });
});

describe("trouble", () => {
  test("is published by group, for as long as it lasts", async () => {
    await beatFor(30_000, ["b", "c"], own({ troubles: { MasterDown: 7_000, NoCandidate: 1 } }));
    await beatFor(30_000, ["b", "c"]);

    expect(lines.valuesOf("MasterDown")).toEqual([7_000, 7_000]);
    expect(lines.valuesOf("NoCandidate")).toEqual([1, 1]);
    const [down] = lines.data().filter((one) => one.name === "MasterDown");
    expect(down?.series).toEqual(["deployment=prod", "deployment=prod,group=cache"]);
  });

  test("a process that is late for its timers says so, from 200 ms on", () => {
    delayMs = 199;
    meter.beat(own());
    expect(lines.valuesOf("LoopDelay")).toEqual([]);

    meter.begin(null);
    delayMs = 812.4;
    meter.beat(own());
    expect(lines.valuesOf("LoopDelay")).toEqual([812]);
  });
});

describe("the other observers", () => {
  test("are silent when their heartbeat stands still for a minute of our own clock", async () => {
    await beatFor(60_000, ["b", "c"]);
    await beatFor(60_000, ["b"]);
    expect(lines.valuesOf("ObserversSilent")).toEqual([]);

    await beatFor(30_000, ["b"]);
    expect(lines.valuesOf("ObserversSilent")).toEqual([1]);
    expect(lines.valuesOf("QuorumMissing")).toEqual([]);
  });

  test("leave a group without a quorum when too few are left, one that was never there among them", async () => {
    await beatFor(120_000, []);

    expect(lines.valuesOf("ObserversSilent").at(-1)).toBe(2);
    expect(lines.valuesOf("QuorumMissing").at(-1)).toBe(1);
  });

  test("that could not be asked are not called silent", async () => {
    for (let reads = 0; reads < 20; reads += 1) {
      store.fail({ operation: "readHeartbeat", kind: "unreachable" });
    }
    await beatFor(120_000, []);

    expect(lines.valuesOf("ObserversSilent")).toEqual([]);
    expect(lines.valuesOf("QuorumMissing")).toEqual([]);
  });

  test("that hold another version of the configuration are counted", async () => {
    await beatFor(15_000, ["b"], { ...own(), heartbeat: heartbeat("a", 1, 2) });

    expect(lines.valuesOf("ConfigurationDiffers")).toEqual([1]);
  });
});

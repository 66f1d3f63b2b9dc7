import { describe, expect, it } from "@jest/globals";
import { detectionMs, type Rhythm, type Traffic, trafficOf } from "../../lib/cost/traffic.ts";
import type { Store } from "../../lib/ports/store.ts";
import { SimWorld } from "../simulator/world.ts";

const observer = "a";
const settledMs = 180_000;
const minutes = 10;
const sampleMs = 20;

const group = { nodes: 3, stateReadMs: 2_000, heartbeatMs: 15_000, crashAfterMs: 1_500 };

/** What one observer's real shifts do in calm minutes of virtual time, a minute. */
async function count(rhythm: Rhythm): Promise<Omit<Traffic, "messages" | "scheduled">> {
  const calls = new Map<string, number>();
  let shifts = 0;
  let isCounted = false;
  const world = new SimWorld({
    ...{ seed: 1, isOrderly: true, scheduleJitterMs: 0, watching: rhythm },
    onNote: (by, note) => {
      if (!by.startsWith(`${observer}/`) || note.kind !== "line" || note.level === "debug") return;
      tell(/^(decides|shift ends)/.exec(note.text)?.[0] ?? "another line");
    },
  });
  const tell = (name: string) => {
    if (isCounted) calls.set(name, (calls.get(name) ?? 0) + 1);
  };
  const portFor = world.store.portFor.bind(world.store);
  world.store.portFor = (process, who, code) => {
    const port = portFor(process, who, code);
    if (who !== observer) return port;
    if (isCounted) shifts += 1;
    return counting(port, tell);
  };
  world.start();
  await world.engine.runUntil(settledMs);
  isCounted = true;
  let alive = 0;
  for (let atMs = sampleMs; atMs <= minutes * 60_000; atMs += sampleMs) {
    await world.engine.runUntil(settledMs + atMs);
    alive += world.processes.get(observer)?.size ?? 0;
  }
  expect(world.violation).toBeNull();
  const each = (name: string) => (calls.get(name) ?? 0) / minutes;
  expect(each("writeState") + each("castVote") + each("appendEvent")).toBe(0);
  expect(each("another line")).toBe(0);
  return {
    shifts: shifts / minutes,
    billedSeconds: (alive * sampleMs) / 1_000 / minutes,
    heartbeatReads: each("readHeartbeat"),
    configReads: each("listConfigs"),
    stateReads: each("readState"),
    heartbeatWrites: each("writeHeartbeat"),
    endLines: each("shift ends"),
    decisionLines: each("decides"),
  };
}

function counting(port: Store, tell: (name: string) => void): Store {
  return {
    ...port,
    readHeartbeat: (...args) => told(port.readHeartbeat(...args), "readHeartbeat", tell),
    listConfigs: () => told(port.listConfigs(), "listConfigs", tell),
    readState: (...args) => told(port.readState(...args), "readState", tell),
    writeHeartbeat: (...args) => told(port.writeHeartbeat(...args), "writeHeartbeat", tell),
    writeState: (...args) => told(port.writeState(...args), "writeState", tell),
    castVote: (...args) => told(port.castVote(...args), "castVote", tell),
    appendEvent: (...args) => told(port.appendEvent(...args), "appendEvent", tell),
  };
}

function told<T>(answer: T, name: string, tell: (name: string) => void): T {
  tell(name);
  return answer;
}

describe("what an estimate counts with", () => {
  it.each([
    { cadence: "loop", pulseMs: 5_000 },
    { cadence: "pulse", pulseMs: 5_000 },
    { cadence: "pulse", pulseMs: 10_000 },
    { cadence: "tick", pulseMs: 5_000 },
  ] as const)("is what shifts do in calm by $cadence, $pulseMs ms", async (rhythm) => {
    const counted = await count(rhythm);
    const { messages: _sent, scheduled: _started, ...estimated } = trafficOf(rhythm, [group]);
    for (const [name, value] of Object.entries(counted)) {
      const ratio =
        value / Object.entries(estimated).reduce((all, [of, n]) => (of === name ? n : all), 0);
      expect(`${name} ${ratio > 0.9 && ratio < 1.1 ? "as counted" : ratio}`).toBe(
        `${name} as counted`,
      );
    }
  });

  it("is as much more for more groups as each of them asks for", () => {
    const rhythm = { cadence: "loop", pulseMs: 5_000 } as const;
    const one = trafficOf(rhythm, [group]);
    const slow = trafficOf(rhythm, [group, { ...group, stateReadMs: 4_000 }]);

    expect(slow.stateReads - one.stateReads).toBe(16);
    expect(slow.decisionLines).toBe(2 * one.decisionLines);
    const byGroup = { stateReads: 0, decisionLines: 0 };
    expect({ ...slow, ...byGroup }).toEqual({ ...one, ...byGroup });
  });

  it("starts the first pass of a minute by the schedule, and the others in batches of ten", () => {
    const pulses = trafficOf({ cadence: "pulse", pulseMs: 3_000 }, [group]);

    expect(pulses).toMatchObject({ shifts: 20, messages: 19, scheduled: 3 });
  });

  it("says how long a death may go unnoticed", () => {
    const most = (["loop", "pulse", "tick"] as const).map(
      (cadence) => detectionMs({ cadence, pulseMs: 5_000 }, [group]).mostMs,
    );
    expect(most).toEqual([2_500, 7_500, 121_500]);
  });
});

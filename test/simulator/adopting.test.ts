import { beforeEach, describe, expect, it } from "@jest/globals";
import type { GroupState, MasterRecord } from "../../lib/core/model.ts";
import { groupConfig, groupState, masterRecord, n0, n1 } from "../support/builders.ts";
import { Adopting } from "./adopting.ts";
import { Process } from "./engine.ts";
import { plainSight } from "./plain-sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { noticedMs } from "./troubles.ts";
import { SimWorld } from "./world.ts";

let world: SimWorld;
let adopting: Adopting;
let process: Process;
let before: GroupState;

/** n1 and n2 have copied what n0 has. Nobody watches them, so nothing is put right. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1 });
  world.timings.syncDelayMs = 10 * noticedMs;
  await pass();
  await world.engine.runUntil(world.engine.nowMs + world.timings.syncDelayMs);
  adopting = new Adopting(plainSight(world, groupConfig(), new Map()));
  process = new Process(world.engine, "a/1", 0, 1);
  before = groupState({ master: recordOfN0() });
  await pass();
});

function node(id: string): SimRedis {
  const one = world.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

function pass(): Promise<void> {
  return world.engine.runUntil(world.engine.nowMs + 2 * noticedMs);
}

function recordOfN0(): MasterRecord {
  const { runId, replid, replid2, secondOffset } = node(n0).facts();
  return { ...masterRecord, node: n0, runId, replid, replid2, secondOffset };
}

/** n1 has what n0 wrote after its last save. */
async function write(): Promise<void> {
  node(n0).write(1);
  await pass();
}

async function startAgain(data: "rdb" | "old-rdb"): Promise<void> {
  node(n0).kill();
  node(n0).restart(data);
  await pass();
}

const hear = (id: string) => adopting.onAnswered(process, id, node(id).facts(), process.now());
const adopt = () =>
  adopting.onSent(process, before, { ...before, master: recordOfN0(), rev: before.rev + 1 });

describe("N3 the new ids of a master that came back with older data", () => {
  it("are not recorded by whoever knows of one that has more", async () => {
    await write();
    await startAgain("old-rdb");
    hear(n1);

    expect(adopt).toThrow(`a/1 records ${n0}, which came back without what follows`);
  });

  it("may be where nobody was asked since", async () => {
    await write();
    hear(n1);
    await startAgain("old-rdb");

    expect(adopt).not.toThrow();
  });

  it("may be by whoever has missed that one's last answer", async () => {
    await write();
    await startAgain("old-rdb");
    hear(n1);
    adopting.onUnanswered(process, n1);

    expect(adopt).not.toThrow();
  });

  it("may be once the other one has copied the older data, or is gone", async () => {
    await write();
    await startAgain("old-rdb");
    hear(n1);
    node(n1).kill();
    expect(adopt).not.toThrow();

    node(n1).restart("empty");
    await pass();

    expect(adopt).not.toThrow();
  });

  it("may be where it was saved after one such return that nobody recorded: STATE does not know from what it came back", async () => {
    await write();
    await startAgain("old-rdb");
    node(n0).stream.save();
    await startAgain("old-rdb");
    hear(n1);

    expect(adopt).not.toThrow();
  });

  it("may be where it came back with everything", async () => {
    await write();
    await startAgain("rdb");
    hear(n1);

    expect(adopt).not.toThrow();
  });
});

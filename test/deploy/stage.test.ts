import { readdir } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { formatProblem } from "../../lib/config/problems.ts";
import { pulsesOf } from "../../lib/deploy/pulses.ts";
import { loadStageFile, readStage } from "../../lib/deploy/stage.ts";
import { pulsePeriodsMs } from "../../lib/deploy/stage-schema.ts";
import { combinations } from "../infra/combinations.ts";

/** What is said of a stage file, without its place. */
function problemsOf(stage: unknown): readonly string[] {
  const result = readStage(JSON.stringify(stage), "prod.yml");
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

const { smallest, zones, witness } = combinations;

describe("a stage file", () => {
  it.each(Object.entries(combinations))("may be as %s", (_name, stage) => {
    expect(problemsOf(stage)).toEqual([]);
  });

  it("is in the project as an example", async () => {
    const files = await readdir("infra/stages");
    expect(files).toContain("example.yml");
    for (const file of files) {
      const loaded = await loadStageFile(`infra/stages/${file}`);
      expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([]);
    }
  });

  it("says where it is wrong, and everything at once", () => {
    const text =
      "table: { home: eu, mode: single-region }\nobservers: []\nnodeRegion: [eu-west-1]\n";
    const result = readStage(text, "prod.yml");
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      "prod.yml:1:1: nodeRegions: expected a list of at least one region, got nothing",
      "prod.yml:1:1: network: expected one of outside, dual-stack, nat, got nothing",
      'prod.yml:1:16: table.home: expected an AWS region such as eu-west-1, got "eu"',
      "prod.yml:2:12: observers: expected a list of at least one observer, got a list of 0",
      'prod.yml:3:1: nodeRegion: expected a known key of a stage, got "nodeRegion": did you mean "nodeRegions"?',
    ]);
  });

  it("that is not there, or no YAML, is a problem like any other", async () => {
    const missing = await loadStageFile("infra/stages/nowhere.yml");
    expect(missing.ok ? [] : missing.problems.map((one) => one.message)).toEqual([
      "expected a readable file, got no file of that name",
    ]);
    expect(problemsOf(null)[0]).toContain("expected a mapping with table");
    expect(readStage("a: [", "prod.yml").ok).toBe(false);
  });

  it("names each observer once", () => {
    const [first, second, third] = zones.observers;
    const observers = [first, { ...second, name: "eu-west-1a" }, third];
    expect(problemsOf({ ...zones, observers })).toEqual([
      expect.stringContaining("two observers of one name would vote as one"),
    ]);
  });

  it("gives pulses a period that a minute is made of, and none to other cadences", () => {
    expect(problemsOf({ ...smallest, cadence: "pulse", pulseMs: 20_000 })).toEqual([]);
    expect(problemsOf({ ...smallest, cadence: "pulse", pulseMs: 7_000 })).toEqual([
      "pulseMs: expected one of 3000, 4000, 5000, 6000, 10000, 12000, 15000, 20000, 30000 (ms), got 7000",
    ]);
    expect(problemsOf({ ...smallest, cadence: "tick", pulseMs: 5_000 })).toEqual([
      "pulseMs: expected none in cadence tick, which has no pulses; write cadence: pulse, or leave pulseMs away",
    ]);
    expect(problemsOf({ ...smallest, cadence: "often" })).toEqual([
      'cadence: expected one of loop, pulse, tick, got "often"',
    ]);
  });

  it("makes at most two batches of a minute's pulses, whatever their period", () => {
    const stacks = [...pulsePeriodsMs].map((pulseMs) => {
      const result = readStage(JSON.stringify({ ...smallest, cadence: "pulse", pulseMs }), "a.yml");
      if (!result.ok) throw new Error("expected a stage");
      return pulsesOf(result.stage);
    });
    const sizes = stacks.map(({ firstEntries, secondEntries }) =>
      [firstEntries, secondEntries].map(
        (one) => z.array(z.unknown()).parse(JSON.parse(one)).length,
      ),
    );
    expect(sizes).toEqual([
      [10, 9],
      [10, 4],
      [10, 1],
      [9, 0],
      [5, 0],
      [4, 0],
      [3, 0],
      [2, 0],
      [1, 0],
    ]);
  });

  it("gives subnets and security groups to functions in a VPC, and to no other", () => {
    expect(problemsOf({ ...smallest, network: "nat" })).toEqual([
      expect.stringContaining("expected the ids of security groups, as network nat needs"),
      expect.stringContaining("expected the ids of subnets, as network nat needs"),
    ]);
    expect(problemsOf({ ...zones, network: "outside" })).toHaveLength(6);
  });

  it("gives each region a key of its own, and all copies of a table one or none", () => {
    const keyIn = (region: string) => `arn:aws:kms:${region}:111122223333:key/mrk-1`;
    expect(problemsOf({ ...smallest, keys: { "eu-west-1": keyIn("us-east-1") } })).toEqual([
      "keys.eu-west-1: expected a key of eu-west-1, got one of us-east-1",
    ]);
    const one = { "eu-west-1": keyIn("eu-west-1") };
    expect(problemsOf({ ...witness, keys: one })).toEqual([
      "keys: expected a key for each region with a copy of the table or for none of them, got none for eu-central-1",
    ]);
    const both = { ...one, "eu-central-1": keyIn("eu-central-1") };
    expect(problemsOf({ ...witness, keys: both })).toEqual([]);
  });

  it("says which names of its zones may change", () => {
    expect(problemsOf({ ...smallest, zones: ["Z1"] })).toEqual([
      expect.stringContaining("expected recordNames beside zones"),
    ]);
    expect(problemsOf({ ...smallest, recordNames: "*.redis.example.com" })).toEqual([
      expect.stringContaining("expected zones in which these names are"),
    ]);
    expect(problemsOf({ ...smallest, zones: ["Z1"], recordNames: "*" })[0]).toContain(
      "expected a pattern for lower-case names",
    );
  });
});

describe("the table's place", () => {
  it("is beside an observer, whose stack owns it", () => {
    expect(problemsOf({ ...smallest, table: { ...smallest.table, home: "eu-west-2" } })).toEqual([
      expect.stringContaining("expected eu-west-1, where all nodes are"),
      expect.stringContaining("expected the region of an observer"),
    ]);
  });

  it("is where all nodes are, when they are in one region", () => {
    const observers = [...smallest.observers, { name: "two", region: "eu-west-2" }];
    const table = { ...smallest.table, home: "eu-west-2" };
    expect(problemsOf({ ...smallest, observers, table })).toEqual([
      "table.home: expected eu-west-1, where all nodes are, got eu-west-2: another region would be one more that must be up, and makes nothing safer",
    ]);
  });

  it("is a region without nodes, when they are in several", () => {
    const nodeRegions = ["eu-west-1", "eu-west-2"];
    expect(problemsOf({ ...smallest, nodeRegions })).toEqual([
      "table.home: expected a region without nodes, or mode: strongly-consistent, got eu-west-1: a region that is lost would take its masters and the referee with it",
    ]);
  });

  it("is never eventually consistent", () => {
    expect(problemsOf({ ...smallest, table: { home: "eu-west-1", mode: "eventual" } })).toEqual([
      'table.mode: expected one of single-region, strongly-consistent (with eventual consistency two observers could both win), got "eventual"',
    ]);
    const table = { ...smallest.table, replicas: ["eu-west-1", "eu-west-2"] };
    expect(problemsOf({ ...smallest, table })).toEqual([
      expect.stringContaining("table.replicas: expected none for a table of a single region"),
    ]);
  });

  it("is three regions of one set, or two and a witness, when strongly consistent", () => {
    const of = (replicas: readonly string[], rest = {}) =>
      problemsOf({
        ...witness,
        table: { ...witness.table, witness: undefined, replicas, ...rest },
      });
    expect(of(["eu-west-1", "eu-central-1"])).toEqual([
      expect.stringContaining("expected three regions, or two and a witness"),
    ]);
    expect(of(["eu-west-1", "eu-central-1", "us-east-1"])).toEqual([
      expect.stringContaining("expected regions of one set"),
    ]);
    expect(of(["eu-west-2", "eu-central-1", "eu-west-3"])).toEqual([
      expect.stringContaining("expected one of the replicas eu-west-2, eu-central-1, eu-west-3"),
    ]);
  });

  it("is never the witness", () => {
    const table = {
      ...witness.table,
      witness: "eu-west-1",
      replicas: ["eu-central-1", "eu-west-3"],
    };
    expect(problemsOf({ ...witness, table })).toEqual([
      "table.home: expected a region that holds the table, got eu-west-1, its witness: a witness can't be read or written",
    ]);
  });

  it("is never behind a gateway endpoint of another region", () => {
    expect(problemsOf({ ...witness, network: "dual-stack" })).toEqual([
      expect.stringContaining(
        "observers[2].region: expected a region that holds the table, got eu-west-3: in network dual-stack the table is reached by a gateway endpoint, which does not lead to eu-west-1",
      ),
    ]);
  });
});

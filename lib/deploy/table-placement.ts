import { type Finding, problemAt } from "../config/problems.ts";
import type { Stage, StageObserver } from "./stage-schema.ts";

/**
 * Where the quorum table may stand. Rules and regions: the DynamoDB guide on multi-Region strong consistency, and
 * docs/deploying.md.
 */

/** A strongly consistent table lies in three regions of one of these sets. */
export const regionSets: readonly (readonly string[])[] = [
  ["us-east-1", "us-east-2", "us-west-2"],
  ["eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"],
  ["ap-northeast-1", "ap-northeast-2", "ap-northeast-3"],
];

export function checkTablePlacement(stage: Stage): readonly Finding[] {
  const { table } = stage;
  const placed =
    table.mode === "single-region" ? checkSingleRegion(stage) : checkStronglyConsistent(stage);
  return [...checkHome(stage), ...placed, ...checkRoutes(stage)];
}

/** The region whose copy of the table this observer asks: its own where there is one. */
export function tableRegionOf({ table }: Stage, { region }: StageObserver): string {
  return table.mode === "strongly-consistent" && table.replicas?.includes(region) === true
    ? region
    : table.home;
}

/** The table is part of a stack, and a stack is an observer's. */
function checkHome({ table, observers }: Stage): readonly Finding[] {
  if (observers.some((observer) => observer.region === table.home)) return [];
  const message = `expected the region of an observer, whose stack owns the table, got ${table.home}; observers are in ${regionsOf(observers).join(", ")}`;
  return [problemAt(["table", "home"], message)];
}

function checkSingleRegion({ table, nodeRegions }: Stage): readonly Finding[] {
  const findings: Finding[] = [];
  for (const field of ["replicas", "witness"] as const) {
    if (table[field] === undefined) continue;
    const message = `expected none for a table of a single region: write mode: strongly-consistent, or leave ${field} away`;
    findings.push(problemAt(["table", field], message));
  }
  const regions = [...new Set(nodeRegions)];
  const [only] = regions;
  if (regions.length === 1 && only !== undefined && table.home !== only) {
    const message = `expected ${only}, where all nodes are, got ${table.home}: another region would be one more that must be up, and makes nothing safer`;
    findings.push(problemAt(["table", "home"], message));
  }
  if (regions.length > 1 && regions.includes(table.home)) {
    const message = `expected a region without nodes, or mode: strongly-consistent, got ${table.home}: a region that is lost would take its masters and the referee with it`;
    findings.push(problemAt(["table", "home"], message));
  }
  return findings;
}

function checkStronglyConsistent({ table }: Stage): readonly Finding[] {
  const replicas = table.replicas ?? [];
  const all = [...replicas, ...(table.witness === undefined ? [] : [table.witness])];
  if (table.witness === table.home) {
    const message = `expected a region that holds the table, got ${table.home}, its witness: a witness can't be read or written`;
    return [problemAt(["table", "home"], message)];
  }
  if (new Set(all).size !== 3 || all.length !== 3) {
    const message = `expected three regions, or two and a witness, got ${all.length === 0 ? "none" : all.join(", ")}`;
    return [problemAt(["table", "replicas"], message)];
  }
  if (!regionSets.some((set) => all.every((region) => set.includes(region)))) {
    const sets = regionSets.map((set) => set.join(", ")).join("; or ");
    const message = `expected regions of one set (${sets}), got ${all.join(", ")}: strong consistency does not reach further`;
    return [problemAt(["table", "replicas"], message)];
  }
  if (replicas.includes(table.home)) return [];
  const message = `expected one of the replicas ${replicas.join(", ")}, got ${table.home}`;
  return [problemAt(["table", "home"], message)];
}

/** A gateway endpoint leads to the table of its own region alone, and by IPv6 there is no table in most regions. */
function checkRoutes(stage: Stage): readonly Finding[] {
  if (stage.network !== "dual-stack") return [];
  return stage.observers.flatMap((observer, index) => {
    const tableRegion = tableRegionOf(stage, observer);
    if (tableRegion === observer.region) return [];
    const message = `expected a region that holds the table, got ${observer.region}: in network dual-stack the table is reached by a gateway endpoint, which does not lead to ${tableRegion}; use network nat or outside, or a strongly consistent table with a replica there`;
    return [problemAt(["observers", index, "region"], message)];
  });
}

function regionsOf(observers: readonly StageObserver[]): readonly string[] {
  return [...new Set(observers.map((observer) => observer.region))];
}

import { type Finding, problemAt } from "../config/problems.ts";
import type { Stage } from "./stage-schema.ts";
import { checkTablePlacement } from "./table-placement.ts";

/** What must hold between the parts of a stage file. */
export function checkStage(stage: Stage): readonly Finding[] {
  return [
    ...checkObserverNames(stage),
    ...checkCadence(stage),
    ...checkNetwork(stage),
    ...checkTablePlacement(stage),
    ...checkRecords(stage),
    ...checkKeys(stage),
  ];
}

function checkObserverNames({ observers }: Stage): readonly Finding[] {
  return observers.flatMap(({ name }, index) => {
    const first = observers.findIndex((one) => one.name === name);
    if (first === index) return [];
    const message = `expected a name of its own, got "${name}", as observers[${first}] has it: two observers of one name would vote as one`;
    return [problemAt(["observers", index, "name"], message)];
  });
}

function checkCadence({ cadence, pulseMs }: Stage): readonly Finding[] {
  if (cadence === "pulse" || pulseMs === undefined) return [];
  const message = `expected none in cadence ${cadence}, which has no pulses; write cadence: pulse, or leave pulseMs away`;
  return [problemAt(["pulseMs"], message)];
}

function checkNetwork({ network, observers }: Stage): readonly Finding[] {
  return observers.flatMap((observer, index) =>
    (["subnets", "securityGroups"] as const).flatMap((field) => {
      const isGiven = observer[field] !== undefined;
      if (isGiven === (network !== "outside")) return [];
      const message = isGiven
        ? "expected none in network outside, where a function has no VPC; write network: nat or dual-stack"
        : `expected the ids of ${field === "subnets" ? "subnets" : "security groups"}, as network ${network} needs`;
      const path = isGiven ? ["observers", index, field] : ["observers", index];
      return [problemAt(path, isGiven ? message : `${message}, got no ${field}`)];
    }),
  );
}

/** Without a pattern a stolen function could move every name of the zone. */
function checkRecords({ zones, recordNames }: Stage): readonly Finding[] {
  if (zones.length > 0 && recordNames === undefined) {
    const message =
      'expected recordNames beside zones, such as "*.redis.example.com": the functions may change no other names';
    return [problemAt(["zones"], message)];
  }
  if (zones.length === 0 && recordNames !== undefined) {
    return [problemAt(["recordNames"], "expected zones in which these names are, got none")];
  }
  return [];
}

/** A key serves its own region, and a table's copies are all under keys of one kind. */
function checkKeys({ keys, table }: Stage): readonly Finding[] {
  const misplaced = Object.entries(keys).flatMap(([region, key]) => {
    const [, , , own] = key.split(":");
    if (own === region) return [];
    return [problemAt(["keys", region], `expected a key of ${region}, got one of ${own}`)];
  });
  const copies = table.replicas ?? [];
  const without = copies.filter((region) => keys[region] === undefined);
  if (without.length === 0 || without.length === copies.length) return misplaced;
  const message = `expected a key for each region with a copy of the table or for none of them, got none for ${without.join(", ")}`;
  return [...misplaced, problemAt(["keys"], message)];
}

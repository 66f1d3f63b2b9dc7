import { eventIdOf, type StoredEvent } from "../../lib/ports/store.ts";

/** The events of a failover after a crash, with the names, the order and the times of a run in the lab. */

export const oldMaster = "10.0.0.1:6379";
export const newMaster = "10.0.0.2:6379";

interface Told {
  readonly rev: number;
  readonly at: string;
  readonly by: string;
  readonly name: string;
  readonly rule: string;
  readonly epoch: number;
  readonly round: number;
  readonly message: string;
  readonly evidence?: StoredEvent["evidence"];
  readonly durationsMs?: StoredEvent["durationsMs"];
}

let sequence = 0;

export function event(group: string, told: Told): StoredEvent {
  const { rev, by, evidence = {}, durationsMs = {}, ...rest } = told;
  sequence += 1;
  const isLog = rest.name === "+transition";
  const tail = isLog ? "!" : `${rest.at}#${by}#${String(sequence).padStart(6, "0")}`;
  return {
    group,
    id: eventIdOf(rev, tail),
    observer: by,
    node: null,
    evidence,
    durationsMs,
    ...rest,
  };
}

function at(seconds: string): string {
  return `2030-01-01T00:00:${seconds}Z`;
}

/** STATE's own log, as every observer copies it. */
export function log(
  rev: number,
  epoch: number,
  round: number,
  phase: string,
  rule: string,
  message: string,
) {
  const told = { rev, epoch, round, rule, message, evidence: { phase } };
  return { ...told, at: at("14.500"), by: "b/1.33bf", name: "+transition" };
}

export const adoption: readonly Told[] = [
  log(2, 0, 2, "steady", "B210", "bootstrap round 1 is of unknown age"),
  log(3, 1, 2, "settling", "B230", "a quorum names 10.0.0.1:6379"),
  log(4, 1, 2, "steady", "T620", "10.0.0.1:6379 is master, the record names it"),
];

const down = `${oldMaster} is down(refused): refused 3 connects in 2535 ms`;
const before = { epoch: 1, round: 3 };
const after = { epoch: 2, round: 3 };

export const suspicion: readonly Told[] = [
  {
    rev: 4,
    at: at("12.454"),
    by: "a",
    name: "+sdown",
    rule: "noticed",
    epoch: 1,
    round: 2,
    message: down,
  },
  {
    rev: 4,
    at: at("12.475"),
    by: "c",
    name: "+round",
    rule: "S310",
    ...before,
    message: `round 3: ${down}`,
  },
  log(5, 1, 3, "steady", "S310", down),
  {
    rev: 5,
    at: at("12.676"),
    by: "a",
    name: "+odown",
    rule: "S370",
    ...before,
    message: `orders ${oldMaster} #quorum 3/2`,
  },
];

export const claim: readonly Told[] = [
  {
    ...{ rev: 5, at: at("12.682"), by: "a", name: "+elected-leader", rule: "S370", ...before },
    ...{ message: "a/1 leads epoch 2", durationsMs: { detectMs: 2534, agreeMs: 189 } },
  },
  log(6, 2, 3, "promoting", "S370", `b, c, a agree in round 3 that ${oldMaster} is down`),
];

export const promotion: readonly Told[] = [
  {
    ...{ rev: 6, at: at("12.814"), by: "a", name: "+promoted-slave", rule: "P510", ...after },
    message: `${newMaster} is master, epoch 2`,
    durationsMs: { promoteMs: 18, voteToWritableMs: 60, downToWritableMs: 2783 },
  },
  {
    ...{ rev: 6, at: at("12.816"), by: "a", name: "+switch-master", rule: "P510", ...after },
    message: "orders 10.0.0.1 6379 10.0.0.2 6379",
    evidence: { from: oldMaster, to: newMaster, lostBytes: 0, lossCertainty: "lower-bound" },
  },
  log(
    7,
    2,
    3,
    "settling",
    "P510",
    `${newMaster} is master and descends from what was chosen in epoch 2`,
  ),
];

export const settlement: readonly Told[] = [
  {
    ...{ rev: 7, at: at("12.870"), by: "a", name: "+published", rule: "T600", ...after },
    message: "orders.redis.test names the master of epoch 2",
  },
  {
    ...{ rev: 7, at: at("12.962"), by: "a", name: "+failover-end", rule: "T620", ...after },
    message: `epoch 2: ${newMaster} is master, every node that answers follows it`,
    durationsMs: { settleMs: 124, publishMs: 124 },
  },
  log(8, 2, 3, "steady", "T620", `${newMaster} is master, every node that answers follows it`),
];

export const crash: readonly Told[] = [
  ...adoption,
  ...suspicion,
  ...claim,
  ...promotion,
  ...settlement,
];

/** As the table gives them: newest first. */
export function stored(group: string, told: readonly Told[]): readonly StoredEvent[] {
  return told.map((one) => event(group, one)).toSorted((a, b) => (a.id < b.id ? 1 : -1));
}

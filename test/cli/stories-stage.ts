import { eventIdOf, type StoredEvent } from "../../lib/ports/store.ts";

/** Events as observers store them: a failover, a round that was withdrawn, and one that the cool-down holds. */

export const n1 = "10.0.0.1:6379";
export const n2 = "10.0.0.2:6379";
export const n3 = "10.0.0.3:6379";

type Rest = Partial<Pick<StoredEvent, "node" | "evidence" | "durationsMs" | "rule">>;

interface At {
  /** The rev that its teller had read. */
  readonly rev: number;
  readonly epoch: number;
  readonly round: number;
}

const zeroMs = Date.parse("2030-01-01T04:00:00.000Z");

/** What an observer told, so many milliseconds after the master's last answer. */
export function told(
  atMs: number,
  observer: string,
  name: string,
  message: string,
  { rev, epoch, round, ...rest }: At & Rest,
): StoredEvent {
  const at = new Date(zeroMs + atMs).toISOString();
  return {
    group: "orders",
    id: eventIdOf(rev, `${at}#${observer}#${name}`),
    at,
    observer,
    name,
    rule: "noticed",
    epoch,
    round,
    node: null,
    message,
    evidence: {},
    durationsMs: {},
    ...rest,
  };
}

/** A write of STATE, copied a while after it was made. */
export function wrote(
  atMs: number,
  by: string,
  rule: string,
  message: string,
  at: At & { readonly phase: "steady" | "promoting" | "settling" },
): StoredEvent {
  const { phase, rev, ...rest } = at;
  const event = told(atMs, by, "+transition", message, { rev, ...rest, rule, evidence: { phase } });
  return { ...event, id: eventIdOf(rev, "!") };
}

const before = { epoch: 1, round: 3 };
const open = { epoch: 1, round: 4 };
const own = { epoch: 2, round: 4 };

/** Round 4 and epoch 2: a and b hold n1 down, a promotes n2. */
export const failover: readonly StoredEvent[] = [
  told(1_600, "a", "+sdown", `${n1} is down(refused)`, { rev: 10, ...before, node: n1 }),
  told(1_610, "a", "+round", `round 4: ${n1} is down(refused)`, {
    rev: 10,
    ...before,
    node: n1,
    rule: "S310",
  }),
  wrote(2_400, "a/7.x", "S310", `${n1} is down(refused): refused`, {
    rev: 11,
    ...open,
    phase: "steady",
  }),
  vote("a", 1_650, "down", 900),
  vote("b", 1_700, "down", 1_000),
  vote("c", 1_720, "unreachable", null),
  told(1_800, "a", "+odown", `orders ${n1} #quorum 2/2`, {
    rev: 11,
    ...open,
    rule: "S370",
    evidence: { votes: "a,b", needed: 2 },
  }),
  told(1_801, "a", "+new-epoch", "2", {
    rev: 11,
    ...open,
    rule: "S370",
    evidence: { epoch: 2, kind: "failover", isAutomatic: true, round: 4, from: n1, to: n2 },
  }),
  told(1_802, "a", "+elected-leader", "a/7.x leads epoch 2", {
    rev: 11,
    ...open,
    rule: "S370",
    durationsMs: { detectMs: 1_600, agreeMs: 201 },
  }),
  told(1_803, "a", "+selected-slave", `${n2}: best of 2 eligible nodes`, {
    rev: 11,
    ...open,
    rule: "S370",
    node: n2,
    evidence: { [n2]: "0 bytes behind", [n3]: "it is down" },
  }),
  wrote(2_500, "a/7.x", "S370", `a, b agree in round 4 that ${n1} is down`, {
    rev: 12,
    ...own,
    phase: "promoting",
  }),
  told(1_900, "a", "+promoted-slave", `${n2} is master, epoch 2`, {
    rev: 12,
    ...own,
    rule: "P510",
    durationsMs: { promoteMs: 90, voteToWritableMs: 240, downToWritableMs: 1_890 },
  }),
  told(1_901, "a", "+switch-master", "orders 10.0.0.1 6379 10.0.0.2 6379", {
    rev: 12,
    ...own,
    rule: "P510",
    evidence: { from: n1, to: n2, lostBytes: 12, lossCertainty: "lower-bound" },
  }),
  wrote(2_600, "a/7.x", "P510", `${n2} is master and descends`, {
    rev: 13,
    ...own,
    phase: "settling",
  }),
  told(2_400, "a", "+failover-end", `epoch 2: ${n2} is master`, {
    rev: 13,
    ...own,
    rule: "T620",
    durationsMs: { publishMs: 300, settleMs: 499 },
  }),
  wrote(2_700, "a/7.x", "T620", `${n2} is master`, { rev: 14, ...own, phase: "steady" }),
];

function vote(observer: string, atMs: number, verdict: string, lastOffset: number | null) {
  return told(
    atMs,
    observer,
    "+vote",
    `${observer} votes ${verdict} in round 4: evidence of ${observer}`,
    {
      rev: 11,
      ...open,
      rule: "S330",
      evidence: { round: 4, verdict, lastOffset },
    },
  );
}

const fifth = { epoch: 2, round: 5 };
const sixth = { epoch: 2, round: 6 };

/** Round 5: b alone, until the master answers it again. */
export const withdrawn: readonly StoredEvent[] = [
  told(60_000, "b", "+sdown", `${n2} is down(silent)`, { rev: 14, ...own, node: n2 }),
  wrote(60_100, "b/3.x", "S310", `${n2} is down(silent): no valid reply`, {
    rev: 15,
    ...fifth,
    phase: "steady",
  }),
  told(60_200, "b", "+vote", "b votes down in round 5: no valid reply", {
    rev: 15,
    ...fifth,
    rule: "S330",
    evidence: { round: 5, verdict: "down", lastOffset: 5 },
  }),
  told(
    65_300,
    "b",
    "-failover-abort-not-elected",
    "no quorum yet: 1 of 2 say down; no vote: a, c",
    {
      rev: 15,
      ...fifth,
      rule: "S340",
    },
  ),
  told(66_000, "b", "-sdown", `${n2} is up again`, { rev: 15, ...fifth, node: n2 }),
  wrote(66_100, "b/3.x", "S300", `${n2} answers b again`, { rev: 16, ...fifth, phase: "steady" }),
];

/** Round 6: everybody agrees, and the cool-down holds. */
export const held: readonly StoredEvent[] = [
  wrote(90_000, "b/3.x", "S310", `${n2} is down(refused): refused`, {
    rev: 17,
    ...sixth,
    phase: "steady",
  }),
  told(90_100, "b", "+odown", `orders ${n2} #quorum 2/2`, {
    rev: 17,
    ...sixth,
    rule: "S350",
    evidence: { votes: "b,c", needed: 2 },
  }),
  told(90_101, "b", "+hold", "cooling down for another 500000 ms after the failover of epoch 2", {
    rev: 17,
    ...sixth,
    rule: "S350",
  }),
];

export const everything: readonly StoredEvent[] = [...failover, ...withdrawn, ...held];

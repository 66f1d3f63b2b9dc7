import type { Side } from "../measurement.ts";
import { downAfterMs, groupsLimitMs, pingPeriodMs } from "../sides/timings.ts";
import type { Figures } from "./figures.ts";
import { type Profile, profiles } from "./profiles.ts";

/** What the medians of both sides say of a target; null: not measured, or nothing was promised. */
export type Verdict = "reached" | "missed" | null;

/** One line of the table of targets: never moved, whatever comes out. */
export interface Target {
  readonly what: string;
  readonly unit: string;
  readonly sentinel: number | null;
  readonly ours: number | null;
  /** What was promised, in words. */
  readonly promise: string;
  readonly verdict: Verdict;
  /** What explains it where it is missed; null: nobody looked yet. */
  readonly profile: Profile | null;
}

export function targetsOf(figures: Figures): readonly Target[] {
  return [
    ...failovers(figures),
    ...steps(figures),
    ...planned(figures),
    ...realGroups(figures),
    ...simulatedGroups(figures),
    ...costs(figures),
  ];
}

interface Row {
  readonly what: string;
  readonly unit?: string;
  readonly of: string;
  readonly reading: string;
  readonly promise: string;
  /** Whether the promise is kept, given both medians; a Sentinel's that is not there keeps the verdict open. */
  readonly keeps?: (ours: number, sentinel: number) => boolean;
  /** The same where it is a matter of ours alone. */
  readonly keepsAlone?: (ours: number) => boolean;
  readonly profile?: Profile;
  /** A cap is kept in every run or not at all: the most instead of the median. */
  readonly isCap?: boolean;
}

function row(figures: Figures, one: Row): Target {
  const { what, unit = "ms", of, reading, promise, profile = null, isCap = false } = one;
  const shown = (side: Side) =>
    figures.spread(of, side, reading)?.[isCap ? "most" : "median"] ?? null;
  const [ours, sentinel] = [shown("ours"), shown("sentinel")];
  return { what, unit, sentinel, ours, promise, profile, verdict: verdictOf(one, ours, sentinel) };
}

function verdictOf(
  { keeps, keepsAlone }: Pick<Row, "keeps" | "keepsAlone">,
  ours: number | null,
  sentinel: number | null,
): Verdict {
  if (ours === null) return null;
  if (keepsAlone !== undefined) return keepsAlone(ours) ? "reached" : "missed";
  if (keeps === undefined || sentinel === null) return null;
  return keeps(ours, sentinel) ? "reached" : "missed";
}

const atMost = (most: number) => (ours: number) => ours <= most;
const shareOf = (share: number) => (ours: number, sentinel: number) => ours <= share * sentinel;

function failovers(figures: Figures): readonly Target[] {
  const rows: readonly Row[] = [
    {
      what: "kill -9 of a busy master → first acknowledged write",
      ...{ of: "kill", reading: "firstWriteMs" },
      promise: `beyond ${downAfterMs} ms at most 0.2 of Sentinel's`,
      keeps: (ours, sentinel) => ours - downAfterMs <= 0.2 * (sentinel - downAfterMs),
    },
    {
      what: "the same with `crashAfterMs: 300`",
      ...{ of: "crash-300", reading: "firstWriteMs" },
      promise: "at most 0.3 of Sentinel's",
      keeps: shareOf(0.3),
    },
    {
      what: "SIGSTOP of a busy master → first acknowledged write",
      ...{ of: "hang", reading: "firstWriteMs" },
      promise: "at most 0.65 of Sentinel's",
      keeps: shareOf(0.65),
    },
    {
      what: "SIGSTOP of an idle master → first acknowledged write",
      ...{ of: "hang-idle", reading: "firstWriteMs", promise: "reported" },
    },
  ];
  return rows.map((one) => row(figures, one));
}

function steps(figures: Figures): readonly Target[] {
  const rows: readonly Row[] = [
    {
      what: "vote that completes the quorum (Sentinel: +odown) → writable master, after a kill",
      ...{ of: "kill", reading: "lastVoteToWritableMs", promise: "at most 50 ms" },
      keepsAlone: atMost(50),
      profile: profiles.promotion,
    },
    {
      what: "the same with `crashAfterMs: 300`",
      ...{ of: "crash-300", reading: "lastVoteToWritableMs", promise: "reported" },
    },
    {
      what: "the same after a kill, with a table of 25 ms a request",
      ...{ of: "slow-store", reading: "lastVoteToWritableMs", promise: "reported" },
    },
    {
      what: "round trips to the table in series, own vote → writable",
      ...{ unit: "trips", of: "kill", reading: "storeTrips", promise: "at most 4" },
      keepsAlone: atMost(4),
    },
    {
      what: "round trips to Redis in series, own vote → writable",
      ...{ unit: "trips", of: "kill", reading: "redisTrips", promise: "at most 2" },
      keepsAlone: atMost(2),
    },
    {
      what: "writable master → the name (Sentinel: any of the three) answers it, after a kill",
      ...{ of: "kill", reading: "writableToNameMs", promise: "at most 50 ms" },
      keepsAlone: atMost(50),
    },
    {
      what: "the same after a SIGSTOP",
      ...{ of: "hang", reading: "writableToNameMs", promise: "reported" },
    },
    {
      what: "killed master is back: how long it takes writes",
      ...{ of: "kill", reading: "oldAcceptedMs", promise: `at most ${pingPeriodMs} ms, a probe` },
      keepsAlone: atMost(pingPeriodMs),
    },
  ];
  return rows.map((one) => row(figures, one));
}

function planned(figures: Figures): readonly Target[] {
  const rows: readonly Row[] = [
    {
      what: "switchover: no master takes writes (below 0: two do)",
      ...{ of: "switchover", reading: "writeGapMs", promise: "reported" },
    },
    {
      what: "switchover: acknowledged writes that are lost",
      ...{ unit: "writes", of: "switchover", reading: "lostWrites", promise: "0" },
      keepsAlone: atMost(0),
    },
  ];
  return rows.map((one) => row(figures, one));
}

function realGroups(figures: Figures): readonly Target[] {
  const names = [...figures.named("groups-"), ...figures.named("200-groups")];
  const rows = names.flatMap((of): readonly Row[] => [
    {
      what: `masters of ${/\d+/.exec(of)?.[0]} groups killed at once → last one writable`,
      ...{ of, reading: "writableLastMs", promise: "at most 0.5 of Sentinel's" },
      profile: profiles.groups,
      keeps: shareOf(0.5),
    },
    {
      what: "… → last one can be learned of",
      ...{ of, reading: "learnedLastMs", promise: "at most 0.5 of Sentinel's" },
      profile: profiles.names,
      keeps: shareOf(0.5),
    },
    {
      what: "… → half of those that came writable",
      ...{ of, reading: "writableMedianMs", promise: "reported" },
    },
    {
      what: "… → last writable one of those that were in time",
      ...{ of, reading: "writableLatestMs", promise: "reported" },
    },
    {
      what: "… → last one of those in time that can be learned of",
      ...{ of, reading: "learnedLatestMs", promise: "reported" },
    },
    {
      what: `… groups without a new master, or without its name, after ${groupsLimitMs / 1_000} s`,
      ...{ unit: "groups", of, reading: "unfinished", promise: "reported" },
    },
    {
      what: "… requests to Route 53 in the busiest second",
      ...{ unit: "requests", of, reading: "route53PerSecondMax", isCap: true },
      promise: "at most 10 in any run",
      keepsAlone: atMost(10),
      profile: profiles.bunches,
    },
  ]);
  return rows.map((one) => row(figures, one));
}

function simulatedGroups(figures: Figures): readonly Target[] {
  const one = figures.median("simulated-groups", "ours", "oneWritableMs");
  const oneLearned = figures.median("simulated-groups", "ours", "oneLearnedMs");
  const rows: readonly Row[] = [
    {
      what: "200 groups in the simulator → last one writable",
      ...{ of: "simulated-groups", reading: "writableLastMs" },
      promise: `at most twice one group's, ${rounded(one)} ms`,
      keepsAlone: (ours) => one !== null && ours <= 2 * one,
    },
    {
      what: "… → last one can be learned of",
      ...{ of: "simulated-groups", reading: "learnedLastMs" },
      promise: `at most twice one group's, ${rounded(oneLearned)} ms`,
      keepsAlone: (ours) => oneLearned !== null && ours <= 2 * oneLearned,
    },
    {
      what: "… requests to Route 53 in the busiest second",
      ...{ unit: "requests", of: "simulated-groups", reading: "route53PerSecondMax", isCap: true },
      promise: "at most 10 in any run",
      keepsAlone: atMost(10),
    },
  ];
  return rows.map((each) => row(figures, each));
}

function costs(figures: Figures): readonly Target[] {
  const watching = figures.named("watching-").flatMap((of): readonly Row[] => {
    const nodes = of.replace("watching-", "");
    const isTarget = nodes === "300";
    return [
      {
        what: `CPU of one process that watches ${nodes} nodes`,
        ...{ unit: "µs per node-second", of, reading: "cpuUsPerNodeSecond" },
        ...(isTarget
          ? { promise: "at most 80", keepsAlone: atMost(80), profile: profiles.watchingCpu }
          : reported),
      },
      {
        what: `memory of one process that watches ${nodes} nodes`,
        ...{ unit: "MiB", of, reading: "rssMiB" },
        ...(isTarget
          ? {
              ...{ promise: "at most 105 (110 MB)", keepsAlone: atMost(105) },
              profile: profiles.watchingMemory,
            }
          : reported),
      },
    ];
  });
  const start: readonly Row[] = [
    {
      what: "cold start of the packaged bundle → first probe",
      ...{ of: "cold-start", reading: "firstProbeMs", promise: "at most 250 ms" },
      keepsAlone: atMost(250),
    },
    {
      what: "the bundle, deflated",
      ...{ unit: "KB", of: "cold-start", reading: "zippedKB", promise: "at most 400 KB" },
      keepsAlone: atMost(400),
    },
  ];
  const rows = [...watching, ...start].map((one) => row(figures, one));
  return [...rows, calmWrites(figures)];
}

/** What three observers of one healthy group write in an hour, beside their heartbeats. */
function calmWrites(figures: Figures): Target {
  const writes = figures
    .readingsOf("calls", "ours")
    .filter((name) => /^hour: \w*(Put|Update|Write|Delete)/.test(name));
  const others = writes.filter((name) => !name.endsWith("OBSERVER"));
  const sum = others.reduce((all, name) => all + (figures.median("calls", "ours", name) ?? 0), 0);
  const ours = writes.length === 0 ? null : sum;
  const verdict = verdictOf({ keepsAlone: atMost(0) }, ours, null);
  const what = "writes to the table of a healthy hour, beside heartbeats";
  return { what, unit: "writes", sentinel: null, ours, promise: "0", verdict, profile: null };
}

const reported = { promise: "reported" };

function rounded(value: number | null): string {
  return value === null ? "not measured" : String(Math.round(value));
}

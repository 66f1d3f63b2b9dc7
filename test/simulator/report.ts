import { rules } from "../../lib/core/rules.ts";
import { distribution } from "../support/quantile.ts";
import { families } from "./families.ts";
import { faultKinds, rateNames } from "./faults.ts";
import type { SeedRecord } from "./seed-record.ts";
import type { WriteSet } from "./set-checker.ts";
import type { DualWriters } from "./windows.ts";

/** Fewer seeds than this may miss something by chance. */
const vacuousFrom = 20;

export interface Totals {
  readonly seeds: number;
  readonly violations: number;
  readonly groupHours: number;
  readonly coreMinutes: number;
  readonly failovers: number;
  readonly earlyFailovers: number;
  readonly switchovers: number;
  readonly failedEpochs: number;
  readonly ambiguousWrites: number;
  readonly acknowledged: number;
  readonly lost: number;
}

export function totalsOf(records: readonly SeedRecord[]): Totals {
  const sum = (pick: (record: SeedRecord) => number) =>
    records.reduce((total, record) => total + pick(record), 0);
  return {
    seeds: records.length,
    violations: records.filter((one) => one.violation !== null).length,
    groupHours: sum((one) => one.virtualMs) / 3_600_000,
    coreMinutes: sum((one) => one.cpuMs) / 60_000,
    failovers: sum((one) => one.failovers),
    earlyFailovers: sum((one) => one.earlyFailovers),
    switchovers: sum((one) => one.switchovers),
    failedEpochs: sum((one) => one.failedEpochs),
    ambiguousWrites: sum((one) => one.ambiguousWrites),
    acknowledged: sum((one) => one.acknowledged),
    lost: sum((one) => one.lost),
  };
}

function lacking(totals: Totals): readonly string[] {
  const needed: readonly (readonly [string, number])[] = [
    ["failover", totals.failovers],
    ["ambiguous write to the table", totals.ambiguousWrites],
    ["write of a client", totals.acknowledged],
  ];
  return needed.filter(([, count]) => count === 0).map(([what]) => what);
}

/** What a run proves nothing without, as far as it is missing although there were seeds enough. */
export function missing(totals: Totals): readonly string[] {
  return totals.seeds < vacuousFrom ? [] : lacking(totals);
}

/** Why a run without a violation says nothing; null: it says something. */
export function vacuitySays(totals: Totals): string | null {
  const lacks = lacking(totals).join(", no ");
  if (lacks === "") return null;
  if (totals.seeds >= vacuousFrom) return `this run proves nothing: it had no ${lacks}`;
  return totals.violations > 0 ? null : `so few seeds prove nothing: they had no ${lacks}`;
}

/** The totals in three lines. */
export function summarise(totals: Totals): string {
  const { seeds, violations, groupHours, coreMinutes, failovers } = totals;
  const perMinute = (count: number) => (coreMinutes === 0 ? 0 : count / coreMinutes).toFixed(1);
  return [
    `${seeds} seeds, ${violations} with a violation`,
    `${groupHours.toFixed(1)} group-hours in ${coreMinutes.toFixed(2)} core-minutes: ${perMinute(groupHours)} group-hours and ${perMinute(failovers)} failovers per core-minute`,
    `${failovers} failovers (${totals.earlyFailovers} within a cool-down), ${totals.switchovers} switchovers, ${totals.failedEpochs} failed epochs, ${totals.ambiguousWrites} ambiguous writes, ${totals.acknowledged} writes acknowledged, ${totals.lost} lost`,
  ].join("\n");
}

/** Everything that `--report` says: the totals, the losses, and what was never exercised. */
export function report(records: readonly SeedRecord[]): string {
  const rulesOf = countAll(records.map((one) => one.rules));
  const faultsOf = countAll(records.map((one) => one.faults));
  const familiesOf = countAll(
    records.map((one) => Object.fromEntries(one.families.map((name) => [name, 1]))),
  );
  const inTable = Object.values(rules).flat();
  const allRules = [...inTable.map((rule) => rule.id), ...besideTable];
  const allFaults = [
    ...faultKinds.filter((kind) => kind !== "rate"),
    ...rateNames.map((name) => `rate ${name}`),
  ];
  const perFailover = (some: readonly SeedRecord[]) =>
    distributionSays(some.flatMap((one) => one.lostPerFailover));
  return [
    summarise(totalsOf(records)),
    `lost writes per failover: ${perFailover(records)}`,
    `  in seeds without ${ownLosses.join(" and ")}: ${perFailover(records.filter(losesByFailoverAlone))}`,
    setSays(records),
    `two servers took writes, ms: ${windows(records, (one) => one.followMs)}`,
    `  from clients that keep an address for ever: ${windows(records, (one) => one.clingMs)}`,
    `a second master in everybody's sight, ms at the longest: ${secondMasters(records)}`,
    exercised("rules", allRules, rulesOf),
    exercised("faults", allFaults, faultsOf),
    exercised(
      "families (seeds)",
      families.map((one) => one.name),
      familiesOf,
    ),
    violationsOf(records),
  ].join("\n");
}

/** Rules that stand in no table: no view to try a row on, a table that ends too early, a shift that ends. */
const besideTable: readonly string[] = ["F160", "F190", "L440"];

/** Families that lose writes by themselves, whoever fails over. */
const ownLosses: readonly string[] = [
  "manual-role",
  "node-empty",
  "address-reuse",
  "master-replaced",
];

function losesByFailoverAlone(record: SeedRecord): boolean {
  return !record.families.some((name) => ownLosses.includes(name));
}

function countAll(counts: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const one of counts) {
    for (const [name, count] of Object.entries(one)) all.set(name, (all.get(name) ?? 0) + count);
  }
  return all;
}

function exercised(what: string, known: readonly string[], counts: Map<string, number>): string {
  const seen = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const never = [...new Set(known)].filter((name) => !counts.has(name)).sort();
  return [
    `${what}: ${seen.map(([name, count]) => `${name} ${count}`).join(", ")}`,
    `${what} never seen: ${never.length === 0 ? "none" : never.join(", ")}`,
  ].join("\n");
}

/** Median, 95th percentile and maximum. */
function distributionSays(values: readonly number[]): string {
  if (values.length === 0) return "no failovers";
  const { p50, p95, max } = distribution(values);
  return `p50 ${p50}, p95 ${p95}, max ${max} over ${values.length} failovers`;
}

function windows(records: readonly SeedRecord[], pick: (one: DualWriters) => number): string {
  return distributionSays(records.flatMap((one) => one.dualWriters.map(pick)));
}

function secondMasters(records: readonly SeedRecord[]): string {
  const { p50, p95, max } = distribution(records.map((one) => one.secondMasterMs));
  return `p50 ${p50}, p95 ${p95}, max ${max} over ${records.length} seeds`;
}

/** The set checker's counts, at the end of each seed. */
function setSays(records: readonly SeedRecord[]): string {
  const sum = (pick: (set: WriteSet) => number) =>
    records.reduce((total, { set }) => total + pick(set), 0);
  const counts = [
    `${sum((set) => set.kept)} acknowledged writes kept`,
    `${sum((set) => set.lost)} lost`,
    `${sum((set) => set.recovered)} recovered without an answer`,
    `${sum((set) => set.unexpected.length)} unexpected`,
  ];
  return `at the end: ${counts.join(", ")}`;
}

function violationsOf(records: readonly SeedRecord[]): string {
  const failed = records.filter((one) => one.violation !== null);
  if (failed.length === 0) return "violations: none";
  return [
    "violations:",
    ...failed.map((one) => `  seed ${one.seed}: ${one.violation?.message}`),
  ].join("\n");
}

import { assertNever } from "../core/assert-never.ts";
import { type DnsConfig, findNode, type GroupConfig } from "../core/config.ts";
import { isDiscovered, withDiscovered } from "../core/discovered.ts";
import { withoutKept } from "../core/kept.ts";
import type { GroupState } from "../core/model.ts";
import {
  isSameRecord,
  type RecordRole,
  type RecordSet,
  recordOf,
  wantedOf,
} from "../core/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Resolution } from "../ports/dns.ts";
import type { Failure, Result } from "../ports/errors.ts";
import type { Store, StoredState } from "../ports/store.ts";
import { describeAnswer, type Standing } from "./answer.ts";
import { describeCoolDown } from "./cool-down.ts";
import { type Heartbeats, readHeartbeats } from "./heartbeats.ts";
import { judgeMaster, judgeOddities, judgeReplicas } from "./nodes.ts";
import { describeNodes, describeObservers, describePause } from "./observers.ts";
import type {
  GroupStatus,
  ObserverStatus,
  RecordStatus,
  StateStatus,
  StatusReport,
} from "./report.ts";

/** What a report is made from: reads, and nothing that changes anything. */
export interface StatusSources {
  readonly table: string;
  readonly store: Pick<Store, "listConfigs" | "readState" | "readHeartbeat">;
  /**
   * The group's records as Route 53 has them. While `basis` is the same, nothing that the table knows of has changed them:
   * who is asked often may then answer from memory.
   */
  readonly readRecords: (dns: DnsConfig, basis: string) => Promise<Result<readonly RecordSet[]>>;
  /** What DNS answers here. Left out where that is nobody's business: on a page, which clients don't ask. */
  readonly resolve?: (dns: DnsConfig) => Promise<Result<Resolution>>;
  readonly clock: Pick<Clock, "wallTime">;
}

export type Collected =
  | { readonly kind: "report"; readonly report: StatusReport }
  | { readonly kind: "unknown-group"; readonly group: string; readonly known: ReadonlySet<string> }
  /** The table did not answer: nothing is known, which is not the same as "all is well" or "something is wrong". */
  | { readonly kind: "unread"; readonly doing: string; readonly failure: Failure };

/** Reads everything that is known about one group, or about all. Only the table must answer. */
export async function collectStatus(
  sources: StatusSources,
  only: string | undefined,
): Promise<Collected> {
  const { store, table, clock } = sources;
  const configs = await store.listConfigs();
  if (!configs.ok) return unread(`read the configuration in table ${table}`, configs);
  const names = [...new Set(configs.value.map((config) => config.name))].sort();
  if (only !== undefined && !names.includes(only)) {
    return { kind: "unknown-group", group: only, known: new Set(names) };
  }
  const wanted = only === undefined ? names : [only];
  const watched = configs.value.filter((config) => wanted.includes(config.name));
  const heartbeats = await readHeartbeats(
    store,
    watched.flatMap((config) => config.observers),
  );
  if (!heartbeats.ok) return unread("read the heartbeats", heartbeats);
  const groups: GroupStatus[] = [];
  for (const name of wanted) {
    const stored = await store.readState(name);
    if (!stored.ok) return unread(`read the state of ${name}`, stored);
    const versions = watched.filter((config) => config.name === name);
    groups.push(await describeGroup(sources, versions, stored.value, heartbeats.value));
  }
  const report: StatusReport = {
    schema: 1,
    at: clock.wallTime(),
    table,
    isHealthy: groups.length > 0 && groups.every((group) => group.isHealthy),
    problems: groups.length > 0 ? [] : [noGroups(table)],
    groups,
  };
  return { kind: "report", report };
}

function unread(doing: string, failure: Failure): Collected {
  return { kind: "unread", doing, failure };
}

function noGroups(table: string): string {
  return `no group is configured in table ${table}, so nothing is watched: add one with \`lambda-sentinel apply -f groups.yml\`, or name the right table with --table and --region`;
}

async function describeGroup(
  sources: StatusSources,
  versions: readonly GroupConfig[],
  stored: StoredState,
  heartbeats: Heartbeats,
): Promise<GroupStatus> {
  const [first] = versions;
  if (first === undefined) throw new Error("expected at least one version of a listed group");
  const newest = versions.reduce((a, b) => (b.version > a.version ? b : a), first);
  const state = stored.kind === "state" ? stored.state : null;
  const active = versions.find((config) => config.version === state?.configVersion);
  const config = withDiscovered(active ?? newest, state);
  const master = state?.master?.node ?? null;
  const wallTime = sources.clock.wallTime();
  const observers = describeObservers(config, heartbeats, wallTime);
  const nodes = describeNodes(config, master, heartbeats).map((node) => ({
    ...node,
    isDiscovered: state !== null && isDiscovered(state, node.id),
  }));
  const record = await collectRecord(sources, config, state, "master");
  const replicas = await collectRecord(sources, config, state, "replicas");
  const problems = [
    ...judgeState(stored.kind === "foreign" ? stored.why : null, state),
    ...(state !== null && active === undefined
      ? [`version ${state.configVersion}, which the state names, is not in the table`]
      : []),
    ...judgeMaster(nodes),
    ...judgeReplicas(nodes, observers),
    ...judgeOddities(nodes),
    ...judgeObservers(observers),
    ...[record, replicas].flatMap((one) =>
      one?.status === "differs" ? [`the record ${one.name} differs: ${one.why}`] : [],
    ),
  ];
  return {
    name: config.name,
    isHealthy: problems.length === 0,
    problems,
    configVersion: state?.configVersion ?? null,
    newestConfigVersion: newest.version,
    state: state === null ? null : describeState(state),
    pause: state === null ? null : describePause(config, state, heartbeats),
    coolDown: state === null ? null : describeCoolDown(config, state, heartbeats, wallTime),
    record,
    nodes,
    observers,
  };
}

export function describeState(state: GroupState): StateStatus {
  const { master, round } = state;
  return {
    rev: state.rev,
    epoch: state.epoch,
    phase: state.phase,
    master:
      master === null
        ? null
        : { node: master.node, epoch: state.masterEpoch, replid: master.replid },
    candidate: state.candidate?.node ?? null,
    leader: state.leader,
    round:
      round.status === "closed"
        ? null
        : {
            number: round.number,
            purpose: round.purpose,
            suspect: round.suspect,
            openedBy: round.openedBy,
          },
    request: state.request,
    held: state.kept,
    lastEpoch: state.lastEpoch,
    lastTransition: state.lastTransition,
  };
}

function judgeState(foreign: string | null, state: GroupState | null): readonly string[] {
  if (foreign !== null) return [`its state must not be touched by this version: ${foreign}`];
  if (state === null) return ["not adopted yet: no quorum of the observers has named one master"];
  if (state.removed !== null) {
    return [
      `removed by ${state.removed.by}, and not to the end: run \`remove\` again, or \`apply\``,
    ];
  }
  return [
    ...(state.master === null ? ["no master: the observers have not agreed on one"] : []),
    ...(state.phase === "steady" ? [] : [`the phase is ${state.phase}, not steady`]),
    ...(state.round.status === "open" && state.round.purpose === "failover"
      ? [`round ${state.round.number} suspects ${state.round.suspect}`]
      : []),
    ...state.kept.map((node) => `${node} is held for inspection, and no replica until its release`),
  ];
}

function judgeObservers(observers: readonly ObserverStatus[]): readonly string[] {
  return observers.flatMap((observer) => {
    switch (observer.status) {
      case "present":
        return [];
      case "stale":
        return [`observer ${observer.name} has not reported for ${formatAge(observer.ageMs)}`];
      case "absent":
        return [`observer ${observer.name} has reported nothing about the group`];
      default:
        return assertNever(observer.status);
    }
  });
}

/** `3 s`, `12 min`; `?` when there is none. */
export function formatAge(ageMs: number | null): string {
  if (ageMs === null || Number.isNaN(ageMs)) return "?";
  const seconds = Math.round(ageMs / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

async function collectRecord(
  sources: StatusSources,
  config: GroupConfig,
  state: GroupState | null,
  role: RecordRole,
): Promise<RecordStatus | null> {
  const dns = recordOf(config, role);
  if (dns === null) return null;
  const published = state?.published ?? null;
  const wanted = wantedNow(config, state, role);
  // The replicas' name is looked at for what is wrong with it, and shown nowhere.
  const isAsked = role === "master" && sources.resolve !== undefined;
  const [found, resolved] = await Promise.all([
    sources.readRecords(dns, `${state?.masterEpoch} ${published?.epoch}`),
    isAsked ? sources.resolve?.(dns) : undefined,
  ]);
  const answer =
    resolved === undefined ? null : describeAnswer(dns.name, resolved, standingAt(found, wanted));
  const base = { name: dns.name, published, wanted, answer };
  if (!found.ok) {
    return {
      ...base,
      status: "unknown",
      found: null,
      why: `Route 53 could not be asked: ${found.why}`,
    };
  }
  if (wanted.length === 0) {
    return { ...base, status: "unknown", found: found.value, why: "there is no master yet" };
  }
  const wrong = wanted.find((want) => !found.value.some((one) => isSameRecord(one, want)));
  return {
    ...base,
    found: found.value,
    status: wrong === undefined ? "right" : "differs",
    why: wrong === undefined ? "as the table has it" : explainWrong(wrong, found.value),
  };
}

function standingAt(found: Result<readonly RecordSet[]>, wanted: readonly RecordSet[]): Standing {
  return found.ok ? { by: "zone", records: found.value } : { by: "table", records: wanted };
}

function wantedNow(
  config: GroupConfig,
  state: GroupState | null,
  role: RecordRole,
): readonly RecordSet[] {
  const node = state?.master == null ? undefined : findNode(config, state.master.node);
  if (state === null || node === undefined) return [];
  const { deployment, masterEpoch } = state;
  const owner = { deployment, group: config.name, epoch: masterEpoch };
  return wantedOf(withoutKept(config, state), role, owner, node);
}

function explainWrong(wanted: RecordSet, found: readonly RecordSet[]): string {
  const there = found.filter((one) => one.name === wanted.name).map(formatRecord);
  const got = there.length === 0 ? "nothing" : there.join(", ");
  return `expected ${formatRecord(wanted)} at ${wanted.name}, got ${got}`;
}

export function formatRecord(record: RecordSet): string {
  return `${record.type} ${record.values.join(" ")} (TTL ${record.ttlSeconds})`;
}

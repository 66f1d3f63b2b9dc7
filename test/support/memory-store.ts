import { isBasis } from "../../lib/adapters/compare-and-swap.ts";
import { assertNever } from "../../lib/core/assert-never.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Vote } from "../../lib/core/model.ts";
import { type Failure, failure, type Result, success } from "../../lib/ports/errors.ts";
import type { Heartbeat, Store, StoredEvent, StoredState, Swap } from "../../lib/ports/store.ts";

type Operation = keyof Store;

/** What goes wrong with one call. "lost": it is applied, and its answer never arrives. */
export interface PlannedFault {
  readonly operation: Operation;
  readonly kind: "unreachable" | "throttled" | "denied" | "lost";
}

/** The table in memory, with the conditions of the real one; every item may be read and planted by a test. */
export interface MemoryStore extends Store {
  readonly states: Map<string, GroupState>;
  /** Groups whose STATE belongs to somebody else, with the reason. */
  readonly foreign: Map<string, string>;
  /** By `observer group`. */
  readonly votes: Map<string, Vote>;
  readonly heartbeats: Map<string, Heartbeat>;
  readonly events: StoredEvent[];
  /** By `group#version`. */
  readonly configs: Map<string, GroupConfig>;
  /** The owning group by node. */
  readonly nodes: Map<string, string>;
  /** Each call that changes something, as it was asked. */
  readonly writes: string[];
  /** The next call of that operation fails; several faults queue up. */
  fail(fault: PlannedFault): void;
  /** Called before each operation takes effect: where a test lets somebody else be faster. */
  onCall: (operation: Operation) => void;
}

type Tables = Pick<
  MemoryStore,
  "states" | "foreign" | "votes" | "heartbeats" | "events" | "configs" | "nodes" | "writes"
>;

export function createMemoryStore(): MemoryStore {
  const tables: Tables = {
    states: new Map(),
    foreign: new Map(),
    votes: new Map(),
    heartbeats: new Map(),
    events: [],
    configs: new Map(),
    nodes: new Map(),
    writes: [],
  };
  const faults: PlannedFault[] = [];
  const hook: Pick<MemoryStore, "onCall"> = { onCall: () => undefined };

  const run = async <T>(operation: Operation, call: () => Result<T>): Promise<Result<T>> => {
    // As over a network: nothing is answered before the caller has gone on.
    await Promise.resolve();
    hook.onCall(operation);
    const index = faults.findIndex((fault) => fault.operation === operation);
    const [fault] = index < 0 ? [] : faults.splice(index, 1);
    if (fault === undefined) return call();
    if (fault.kind === "lost") call();
    return faultAnswer(fault);
  };

  return {
    ...tables,
    ...stateCalls(tables, run),
    ...observerCalls(tables, run),
    ...configCalls(tables, run),
    fail: (fault) => faults.push(fault),
    get onCall() {
      return hook.onCall;
    },
    set onCall(listener) {
      hook.onCall = listener;
    },
  };
}

function faultAnswer({ operation, kind }: PlannedFault): Failure {
  switch (kind) {
    case "lost":
      return failure("timeout", `${operation}: no answer in time`);
    case "unreachable":
    case "throttled":
    case "denied":
      return failure(kind, `${operation}: ${kind}`);
    default:
      return assertNever(kind);
  }
}

interface CastVote {
  readonly isCast: boolean;
  readonly standing: Vote;
}

type Run = <T>(operation: Operation, call: () => Result<T>) => Promise<Result<T>>;

function stateCalls(
  { states, foreign, votes, writes }: Tables,
  run: Run,
): Pick<Store, "readState" | "writeState" | "readVotes" | "castVote"> {
  const read = (group: string): StoredState => {
    const why = foreign.get(group);
    if (why !== undefined) return { kind: "foreign", why };
    const state = states.get(group);
    return state === undefined ? { kind: "absent" } : { kind: "state", state };
  };
  const swap = (base: number | null, next: GroupState, attempt: string): Result<Swap> => {
    const standing = states.get(next.group) ?? null;
    const why = foreign.get(next.group);
    if (why !== undefined) return failure("refused", why);
    if (!isBasis(standing, base, next)) {
      const isWon = standing?.attempts.includes(attempt) ?? false;
      return success({ isWon, state: standing });
    }
    writes.push(`STATE ${next.group} rev ${next.rev}`);
    states.set(next.group, next);
    return success({ isWon: true, state: next });
  };
  return {
    readState: (group) => run("readState", () => success(read(group))),
    writeState: (base, next, attempt) => run("writeState", () => swap(base, next, attempt)),
    readVotes: (group, observers) =>
      run("readVotes", () =>
        success(observers.flatMap((observer) => votes.get(`${observer} ${group}`) ?? [])),
      ),
    castVote: (vote) =>
      run("castVote", (): Result<CastVote> => {
        const key = `${vote.observer} ${vote.group}`;
        const standing = votes.get(key);
        if (standing !== undefined && standing.round >= vote.round) {
          return success({ isCast: false, standing });
        }
        writes.push(`VOTE ${key} round ${vote.round}`);
        votes.set(key, vote);
        return success({ isCast: true, standing: vote });
      }),
  };
}

function observerCalls(
  { heartbeats, events, writes }: Tables,
  run: Run,
): Pick<Store, "readHeartbeat" | "writeHeartbeat" | "appendEvent" | "readEvents" | "pruneEvents"> {
  return {
    readHeartbeat: (observer) =>
      run("readHeartbeat", () => success(heartbeats.get(observer) ?? null)),
    writeHeartbeat: (heartbeat) =>
      run("writeHeartbeat", () => {
        const standing = heartbeats.get(heartbeat.observer);
        if (standing !== undefined && standing.shift > heartbeat.shift) {
          return success({ standingShift: standing.shift });
        }
        writes.push(`OBSERVER ${heartbeat.observer}`);
        heartbeats.set(heartbeat.observer, heartbeat);
        return success({ standingShift: heartbeat.shift });
      }),
    appendEvent: (event) =>
      run("appendEvent", () => {
        writes.push(`EVENT ${event.group} ${event.id}`);
        const index = events.findIndex((one) => one.group === event.group && one.id === event.id);
        if (index >= 0) events[index] = event;
        else events.push(event);
        return success(undefined);
      }),
    readEvents: (group, limit) =>
      run("readEvents", () => {
        const own = events.filter((event) => event.group === group);
        return success(own.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit));
      }),
    pruneEvents: (group, kept) =>
      run("pruneEvents", () => {
        const own = events.filter((event) => event.group === group);
        const old = own.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(kept);
        for (const event of old) events.splice(events.indexOf(event), 1);
        return success(undefined);
      }),
  };
}

function configCalls(
  { configs, nodes, writes }: Tables,
  run: Run,
): Pick<
  Store,
  "listConfigs" | "readConfig" | "putConfig" | "deleteConfig" | "claimNode" | "releaseNode"
> {
  const byName = (a: GroupConfig, b: GroupConfig): number =>
    a.name === b.name ? b.version - a.version : a.name < b.name ? -1 : 1;
  return {
    listConfigs: () => run("listConfigs", () => success([...configs.values()].sort(byName))),
    readConfig: (group, version) =>
      run("readConfig", () => success(configs.get(`${group}#${version}`) ?? null)),
    putConfig: (config) =>
      run("putConfig", () => {
        const key = `${config.name}#${config.version}`;
        if (configs.has(key)) return failure("refused", `CONFIG ${key} exists already`);
        writes.push(`CONFIG ${key}`);
        configs.set(key, config);
        return success(undefined);
      }),
    deleteConfig: (group, version) =>
      run("deleteConfig", () => {
        if (configs.delete(`${group}#${version}`)) writes.push(`delete CONFIG ${group}#${version}`);
        return success(undefined);
      }),
    claimNode: (node, group) =>
      run("claimNode", () => {
        const owner = nodes.get(node) ?? group;
        if (!nodes.has(node)) writes.push(`NODE ${node} ${group}`);
        nodes.set(node, owner);
        return success({ owner });
      }),
    releaseNode: (node, group) =>
      run("releaseNode", () => {
        if (nodes.get(node) !== group) return success(undefined);
        writes.push(`delete NODE ${node} ${group}`);
        nodes.delete(node);
        return success(undefined);
      }),
  };
}

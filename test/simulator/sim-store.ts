import { compareAndSwap, isBasis, type StatePut } from "../../lib/adapters/compare-and-swap.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Vote } from "../../lib/core/model.ts";
import { failure, type Result } from "../../lib/ports/errors.ts";
import type { Heartbeat, Store, StoredState } from "../../lib/ports/store.ts";
import type { Process } from "./engine.ts";
import { splitPrng } from "./prng.ts";
import { Reigns } from "./reigns.ts";
import { SimRegistry } from "./sim-registry.ts";
import { noRates, noStoreFaults, type StoreFaults, StoreRequests } from "./store-requests.ts";

export interface StoreWatch {
  onState(before: GroupState | null, after: GroupState, writer: string): void;
  /** A write of STATE leaves its process; when it is applied, and whether, nobody knows yet. */
  onSent(process: Process, next: GroupState): void;
  onVote(process: Process, vote: Vote): void;
  /** A process knows that its vote stands. */
  onCast(process: Process, vote: Vote): void;
}

/** Which version of the code asks: the next one writes a schema that this one can't read (fault C8). */
export type CodeVersion = "this" | "next";

/** What a backup holds of what observers write. Configurations stay as they are: their numbers would be repeated (docs/limits.md). */
export interface Snapshot {
  readonly states: ReadonlyMap<string, GroupState>;
  readonly votes: ReadonlyMap<string, Vote>;
  readonly heartbeats: ReadonlyMap<string, Heartbeat>;
  readonly newer: ReadonlySet<string>;
}

/** A refusal of the table is an answer too. */
function flat<T>(result: Result<Result<T>>): Result<T> {
  return result.ok ? result.value : result;
}

/** The table as DynamoDB behaves: single-item conditional writes, and answers that may be late, lost or refused. */
export class SimStore {
  readonly states = new Map<string, GroupState>();
  readonly votes = new Map<string, Vote>();
  /** Votes that a restore took back: who had counted them by then claims by them. */
  readonly taken: Vote[] = [];
  readonly heartbeats = new Map<string, Heartbeat>();
  /** What operators write. */
  readonly registry = new SimRegistry();
  readonly faults = noStoreFaults();
  /** When each process asked for the STATE that it last got, by its own clock. */
  readonly verifiedAtMs = new Map<string, number>();
  /** The STATE that each process knows: what it last read, or wrote. */
  readonly known = new Map<string, GroupState>();
  readonly reigns = new Reigns();
  /** Groups whose STATE was last written by the next version. */
  readonly newer = new Set<string>();
  writes = 0;
  /** How often observers wrote STATE by each rule. */
  readonly written = new Map<string, number>();
  readonly deployment: string;
  readonly #requests: StoreRequests;
  /** Copies of events, which nobody waits for, have a chance of their own: a further one moves nothing else. */
  readonly #copies: StoreRequests;
  readonly #watch: StoreWatch;

  constructor(seed: number, watch: StoreWatch, deployment = "sim") {
    this.#requests = new StoreRequests(splitPrng(seed, "store"));
    this.#copies = new StoreRequests(splitPrng(seed, "events"));
    this.#watch = watch;
    this.deployment = deployment;
  }

  /** Nothing troubles anybody any more. */
  heal(): void {
    Object.assign(this.faults, noRates());
    const { cutOff, refused, denied, far } = this.faults;
    for (const some of [cutOff, refused, denied, far]) some.clear();
  }

  get ambiguous(): number {
    return this.#requests.ambiguous;
  }

  get configs(): GroupConfig[] {
    return this.registry.configs;
  }

  /** The store as one process of one observer sees it, which may not write what operators write. */
  portFor(process: Process, observer: string, code: CodeVersion = "this"): Store {
    return {
      ...this.operatorPortFor(process, observer, this.faults, code),
      putConfig: () => Promise.resolve(failure("denied", "observers never write CONFIG")),
      deleteConfig: () => Promise.resolve(failure("denied", "observers never delete CONFIG")),
      claimNode: () => Promise.resolve(failure("denied", "observers never claim nodes")),
      releaseNode: () => Promise.resolve(failure("denied", "observers never release nodes")),
    };
  }

  /** The store as somebody with every right sees it. */
  operatorPortFor(
    process: Process,
    who: string,
    faults: StoreFaults = this.faults,
    code: CodeVersion = "this",
  ): Store {
    const read = <T>(what: string, get: () => T): Promise<Result<T>> =>
      this.#requests.send(process, who, faults, { what, act: get, isWrite: false });
    const write = <T>(what: string, put: () => T): Promise<Result<T>> =>
      this.#requests.send(process, who, faults, { what, act: put, isWrite: true });
    const { registry } = this;
    const verified = async <T>(
      answer: Promise<Result<T>>,
      stateIn: (value: T) => GroupState | null,
    ): Promise<Result<T>> => {
      const askedAtMs = process.now();
      const got = await answer;
      // A STATE that is not ours to understand verifies nothing.
      const state = got.ok ? stateIn(got.value) : null;
      if (state !== null) {
        this.verifiedAtMs.set(process.name, askedAtMs);
        this.known.set(process.name, state);
        this.reigns.onState(process, state);
      }
      return got;
    };
    const stateOf = (stored: StoredState) => (stored.kind === "state" ? stored.state : null);
    const table = {
      read: (group: string) => {
        const got = read("read STATE", (): StoredState => this.#stored(group, code));
        return verified(got, stateOf);
      },
      put: (base: number | null, next: GroupState) => {
        this.#watch.onSent(process, next);
        const what = `write STATE ${next.lastTransition.rule}`;
        const put = write(what, (): StatePut => this.#put(who, base, next, code));
        return verified(put, (done) => (done.isPut ? next : stateOf(done.standing)));
      },
    };
    return {
      readState: (group) => table.read(group),
      writeState: (base, next, attempt) => compareAndSwap(table, { base, next, attempt }),
      readVotes: (group, observers) =>
        read("read votes", () =>
          observers.flatMap((one) => this.votes.get(`${one}/${group}`) ?? []),
        ),
      castVote: async (vote) => {
        // Judged as it leaves: it may arrive long after.
        this.#watch.onVote(process, vote);
        const cast = await write("vote", () => this.#castVote(vote));
        if (cast.ok && cast.value.isCast) this.#watch.onCast(process, vote);
        return cast;
      },
      readHeartbeat: async (whose) => {
        const got = await read("read heartbeat", () => this.heartbeats.get(whose) ?? null);
        if (got.ok && whose === who) this.reigns.onPredecessor(process, got.value);
        return got;
      },
      writeHeartbeat: (heartbeat) => {
        this.reigns.onHeartbeat(process, heartbeat);
        return write("heartbeat", () => this.#beat(heartbeat));
      },
      appendEvent: (event) =>
        this.#copies.send(process, who, faults, {
          ...{ what: "event", isWrite: true },
          act: () => registry.appendEvent(event),
        }),
      readEvents: (group, limit) =>
        read("read events", () => registry.newestEvents(group).slice(0, limit)),
      pruneEvents: (group, kept) => write("prune events", () => registry.pruneEvents(group, kept)),
      listConfigs: () => read("list configurations", () => registry.listConfigs()),
      readConfig: (group, version) =>
        read("read configuration", () => registry.findConfig(group, version)),
      putConfig: async (config) => flat(await write("config", () => registry.putConfig(config))),
      deleteConfig: (group, version) =>
        write("delete configuration", () => registry.deleteConfig(group, version)),
      claimNode: (node, group) => write("claim node", () => registry.claimNode(node, group)),
      releaseNode: (node, group) => write("release node", () => registry.releaseNode(node, group)),
    };
  }

  #stored(group: string, code: CodeVersion): StoredState {
    const state = this.states.get(group);
    if (state === undefined) return { kind: "absent" };
    if (code === "this" && this.newer.has(group)) {
      return { kind: "foreign", why: "STATE is not one that this version understands: schema" };
    }
    if (state.deployment === this.deployment) return { kind: "state", state };
    return { kind: "foreign", why: `STATE belongs to deployment ${state.deployment}` };
  }

  /** An operator's or a checker's write, at once and without faults. */
  putNow(next: GroupState, writer: string): void {
    const before = this.states.get(next.group) ?? null;
    this.states.set(next.group, next);
    this.#watch.onState(before, next, writer);
  }

  #put(observer: string, base: number | null, next: GroupState, code: CodeVersion): StatePut {
    const standing = this.states.get(next.group) ?? null;
    if (!isBasis(standing, base, next)) {
      return { isPut: false, standing: this.#stored(next.group, code) };
    }
    this.writes += 1;
    const { rule } = next.lastTransition;
    this.written.set(rule, (this.written.get(rule) ?? 0) + 1);
    if (code === "next") this.newer.add(next.group);
    this.putNow(next, observer);
    return { isPut: true };
  }

  snapshot(): Snapshot {
    const { states, votes, heartbeats, newer } = this;
    return {
      states: new Map(states),
      votes: new Map(votes),
      heartbeats: new Map(heartbeats),
      newer: new Set(newer),
    };
  }

  /** The table as it was, without a word to anybody. */
  restore(to: Snapshot): void {
    this.taken.push(...this.votes.values());
    replaceBy(this.states, to.states);
    replaceBy(this.votes, to.votes);
    replaceBy(this.heartbeats, to.heartbeats);
    this.newer.clear();
    for (const group of to.newer) this.newer.add(group);
  }

  #castVote(vote: Vote): { readonly isCast: boolean; readonly standing: Vote } {
    const key = `${vote.observer}/${vote.group}`;
    const standing = this.votes.get(key);
    if (standing !== undefined && standing.round >= vote.round) return { isCast: false, standing };
    this.votes.set(key, vote);
    return { isCast: true, standing: vote };
  }

  #beat(heartbeat: Heartbeat): { readonly standingShift: number } {
    const standing = this.heartbeats.get(heartbeat.observer);
    if (standing !== undefined && standing.shift > heartbeat.shift) {
      return { standingShift: standing.shift };
    }
    this.heartbeats.set(heartbeat.observer, heartbeat);
    return { standingShift: heartbeat.shift };
  }
}

function replaceBy<V>(now: Map<string, V>, then: ReadonlyMap<string, V>): void {
  now.clear();
  for (const [key, value] of then) now.set(key, value);
}

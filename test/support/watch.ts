import type { AbsenceBefore } from "../../lib/core/absence.ts";
import type { Command, Outcome, Publish } from "../../lib/core/commands.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import { type Decision, groupView, masterView, step, viewOf } from "../../lib/core/decide.ts";
import { noOthers, type Others } from "../../lib/core/elsewhere.ts";
import type { SentinelEvent } from "../../lib/core/events.ts";
import type { Heard } from "../../lib/core/heard.ts";
import {
  type Asked,
  type Inherited,
  type Memory,
  type Newcomer,
  newMemory,
  type Observation,
  type Prepared,
  type RecordView,
} from "../../lib/core/memory.ts";
import type { GroupState, NodeFacts, Sample, Verdict, Vote } from "../../lib/core/model.ts";
import type { Spells } from "../../lib/core/spells.ts";
import type { MasterView } from "../../lib/core/view.ts";
import { answers, isSilent, prepares, type Seen } from "./answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  orphanFacts,
  promotedFacts,
  replicaFacts,
  vote,
} from "./builders.ts";

/** What one look brings. What is left out was not asked, except STATE, which comes from the table. */
export interface LookSeen {
  /** Time since the last look; 10 ms unless told. */
  readonly afterMs?: number;
  readonly samples?: readonly Seen<Sample>[];
  readonly prepared?: readonly Seen<Prepared>[];
  readonly newcomers?: readonly Seen<Newcomer>[];
  /** What is known of the other groups; none are there otherwise. */
  readonly others?: Others;
  readonly state?: "unread" | { readonly failed: string; readonly isForeign?: boolean };
  /** How long before the decision STATE was asked for; nodes are asked 3 ms before it. */
  readonly stateAskedAgoMs?: number;
  /** How long before it STATE was read; 1 ms unless told. */
  readonly stateReadAgoMs?: number;
  readonly votes?: readonly Vote[];
  readonly record?: RecordView | "failed";
  /** The decision before, of which every command succeeded. */
  readonly done?: Decision;
  /** What a promoted node said, and the old master beside it. */
  readonly promoted?: NodeFacts;
  readonly oldMaster?: NodeFacts;
  readonly outcomes?: readonly Outcome[];
  readonly wasFrozen?: boolean;
  readonly config?: GroupConfig;
}

export interface WatchStart {
  readonly config?: GroupConfig;
  readonly state?: GroupState | null;
  readonly observer?: string;
  readonly wokenFor?: number | null;
  readonly masterKnown?: { readonly epoch: number; readonly forMs: number } | null;
  readonly inherited?: Inherited;
  readonly absence?: AbsenceBefore;
  readonly spells?: Readonly<Record<string, Spells>>;
  readonly foundDown?: Readonly<Record<string, Verdict>>;
  readonly heard?: Readonly<Record<string, Heard>>;
}

const notAsked = { kind: "not-asked" as const };

/** What the wall clock shows when a test's own clock shows nothing. */
const wallEpochMs = Date.UTC(2030, 0, 31);

/** The wall clock when a test's own clock shows this. */
export function wallTimeAt(nowMs: number): string {
  return new Date(wallEpochMs + nowMs).toISOString();
}

/** One shift of observer a, shift a/2, driven look by look through the real step(). */
export class Watch {
  memory: Memory;
  nowMs = 100_000;
  /** The STATE item as it stands; write to it to play another observer. */
  table: GroupState | null;
  noticed: readonly SentinelEvent[] = [];
  #turn = 0;

  constructor(start: WatchStart = {}) {
    const observer = start.observer ?? "a";
    this.table = start.state === undefined ? groupState() : start.state;
    this.memory = newMemory({
      observer,
      shift: `${observer}/2`,
      deployment: "prod",
      nowMs: this.nowMs,
      config: start.config ?? groupConfig(),
      wokenFor: start.wokenFor ?? null,
      masterKnown: start.masterKnown ?? null,
      inherited: start.inherited ?? null,
      absence: start.absence ?? null,
      ...(start.spells === undefined ? {} : { spells: start.spells }),
      ...(start.foundDown === undefined ? {} : { foundDown: start.foundDown }),
      ...(start.heard === undefined ? {} : { heard: start.heard }),
    });
  }

  look(seen: LookSeen = {}): Decision {
    this.nowMs += seen.afterMs ?? 10;
    this.#turn += 1;
    const { nowMs } = this;
    const observation: Observation = {
      nowMs,
      wallMs: wallEpochMs + nowMs,
      attempt: `${this.memory.shift}#${this.#turn}`,
      config: seen.config ?? this.memory.configured,
      samples: (seen.samples ?? []).map((at) => at(nowMs)),
      prepared: (seen.prepared ?? []).map((at) => at(nowMs)),
      newcomers: (seen.newcomers ?? []).map((at) => at(nowMs)),
      others: seen.others ?? noOthers,
      outcomes: [...(seen.outcomes ?? []), ...this.#carryOut(seen)],
      state: this.#readState(seen),
      votes: seen.votes === undefined ? notAsked : this.#read(1, { votes: seen.votes }),
      record: this.#readRecord(seen.record),
      // Woken before the nodes were asked.
      lastThawMs: seen.wasFrozen ? nowMs - 5 : this.memory.lastThawMs,
    };
    const next = step(this.memory, observation);
    this.memory = next.memory;
    this.noticed = next.noticed;
    return next.decision;
  }

  /** The outcomes of a plan of which everything succeeded, 6 ms before now. */
  #carryOut({ done, promoted, oldMaster }: LookSeen): readonly Outcome[] {
    const askedAtMs = this.nowMs - 8;
    const readAtMs = this.nowMs - 6;
    return (done?.plan ?? []).flat().flatMap((command): Outcome[] => {
      switch (command.kind) {
        case "write-state":
          this.table = command.next;
          return [{ kind: "state-written", state: command.next, askedAtMs, readAtMs }];
        case "cast-vote":
          return [{ kind: "voted", vote: command.vote }];
        case "promote": {
          const { node, epoch } = command;
          const facts = promoted ?? promotedFacts();
          const said = { facts, oldMaster: oldMaster ?? null, warnings: [] };
          const trips = { store: 2, redis: 1 };
          return [{ kind: "promoted", node, epoch, askedAtMs, atMs: readAtMs, ...said, trips }];
        }
        case "attach":
        case "mark":
        case "hand-over":
        case "fence":
        case "cut": {
          const { node, epoch, kind } = command;
          const rest = { facts: null, atMs: readAtMs, warnings: [] };
          return [{ kind: "effect-done", command: kind, node, epoch, ...rest }];
        }
        case "publish":
          return [publishedAs(command)];
        default:
          return [];
      }
    });
  }

  #readState({ state, stateAskedAgoMs, stateReadAgoMs }: LookSeen): Observation["state"] {
    if (state === "unread") return notAsked;
    if (state !== undefined) {
      return { kind: "failed", why: state.failed, isForeign: state.isForeign ?? false };
    }
    const askedAgoMs = stateAskedAgoMs ?? (stateReadAgoMs ?? 1) + 1;
    return this.#read(askedAgoMs, { state: this.table }, stateReadAgoMs);
  }

  #readRecord(record: LookSeen["record"]): Asked<RecordView> {
    if (record === undefined) return notAsked;
    if (record === "failed") return { kind: "failed", why: "timed out", isForeign: false };
    return this.#read(3, record);
  }

  #read<T>(askedAgoMs: number, value: T, readAgoMs = 1): Asked<T> {
    const { nowMs } = this;
    return { kind: "read", askedAtMs: nowMs - askedAgoMs, readAtMs: nowMs - readAgoMs, value };
  }
}

function publishedAs({ role, owner }: Publish): Outcome {
  return { kind: "published", role, epoch: owner.epoch, changed: true };
}

/** Everybody answers: n0 as master, the others as its replicas. */
export const everybody = [
  answers(n0, masterFacts()),
  answers(n1, replicaFacts()),
  answers(n2, replicaFacts()),
];

/** n0 says nothing, its replicas lost their links. */
export const withoutMaster = [isSilent(n0), answers(n1, orphanFacts()), answers(n2, orphanFacts())];

/** n1 is master and the others follow it: the end of epoch 2. */
export const afterFailover = [
  answers(n0, replicaFacts({ ...following(n1), runId: "run-n0" })),
  answers(n1, promotedFacts()),
  answers(n2, replicaFacts(following(n1))),
];

export function following(node: string): Partial<NodeFacts> {
  const [masterHost = "", port] = node.split(":");
  const ids = { replid: "id-2", replid2: "id-1", secondOffset: 1_001 };
  return { masterHost, masterPort: Number(port), ...ids };
}

/** A shift that has looked once, with everybody answering. */
export function watchCalm(start: WatchStart = {}): Watch {
  const watch = new Watch(start);
  watch.look({ samples: everybody });
  return watch;
}

/** Misses probes until silence is full evidence; returns the decision that this brings. */
export function loseMaster(watch: Watch, samples = withoutMaster): Decision {
  let decision = watch.look({ samples });
  const { downAfterMs, probeIntervalMs } = watch.memory.config.settings;
  for (let missed = 0; missed < downAfterMs; missed += probeIntervalMs) {
    decision = watch.look({ samples, afterMs: probeIntervalMs });
  }
  return decision;
}

/** Opens the round and probes once more; returns the decision to vote. */
export function openAndConfirm(watch: Watch, samples = withoutMaster): Decision {
  return watch.look({ done: loseMaster(watch, samples), samples });
}

export const bothObserved = [prepares(n1, orphanFacts(), 11), prepares(n2, orphanFacts(), 12)];

/** Votes down and reads b's vote beside its own; returns the decision after the count. */
export function voteAndCount(watch: Watch, votes: readonly Vote[] = [vote("a"), vote("b")]) {
  return watch.look({
    done: openAndConfirm(watch),
    samples: withoutMaster,
    votes,
    prepared: bothObserved,
  });
}

/** The whole way to the decision to promote n1. */
export function claimed(watch: Watch): Decision {
  return watch.look({ done: voteAndCount(watch), state: "unread" });
}

export function commandsOf(decision: Decision): readonly Command[] {
  return decision.plan.flat();
}

export function kindsOf(decision: Decision): readonly string[] {
  return commandsOf(decision).map((command) => command.kind);
}

/** The STATE that the decision writes. */
export function written(decision: Decision): GroupState {
  for (const command of commandsOf(decision)) {
    if (command.kind === "write-state") return command.next;
  }
  throw new Error(`expected ${decision.rule} to write STATE, got ${kindsOf(decision).join(", ")}`);
}

export function eventsOf(decision: Decision): readonly SentinelEvent[] {
  return commandsOf(decision).flatMap((one) => (one.kind === "emit" ? [one.event] : []));
}

export function eventNames(decision: Decision): readonly string[] {
  return eventsOf(decision).map((event) => event.name);
}

/** The moment as the rules see it, for what has no rule of its own. */
export function masterViewOf(watch: Watch): MasterView {
  const { memory, nowMs } = watch;
  const { state } = memory;
  const view = state ? masterView(groupView(viewOf(memory, nowMs, "attempt"), state)) : null;
  if (view === null) throw new Error("expected a STATE with a master of the group");
  return view;
}

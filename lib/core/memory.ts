import { type Absence, type AbsenceBefore, absenceFrom } from "./absence.ts";
import type { Outcome } from "./commands.ts";
import type { GroupConfig, NodeConfig, NodeId } from "./config.ts";
import { type LoadingBefore, type NodeMemory, unknownNode } from "./detector.ts";
import type { Elsewhere, Others } from "./elsewhere.ts";
import type { Heard } from "./heard.ts";
import { type Marks, noMarks } from "./marks.ts";
import type { GroupState, NodeFacts, Sample, Verdict, Vote, VoteVerdict } from "./model.ts";
import type { RecordRole, RecordSet } from "./records.ts";
import type { Spells } from "./spells.ts";

/** What one look at the world brought. "Not asked", "could not ask" and an answer are three things. */
export interface Observation {
  readonly nowMs: number;
  /** This machine's wall clock, for what people have planned (ADR 0008); nothing else is measured by it. */
  readonly wallMs: number;
  /** Unique name for the writes of the next decision. */
  readonly attempt: string;
  /** As the table has it, without what was discovered. */
  readonly config: GroupConfig;
  readonly samples: readonly Sample[];
  readonly prepared: readonly Prepared[];
  readonly newcomers: readonly Newcomer[];
  /** The nodes of the other groups that may be nodes of this one. */
  readonly others: Others;
  readonly state: Asked<{ readonly state: GroupState | null }>;
  readonly votes: Asked<{ readonly votes: readonly Vote[] }>;
  readonly record: Asked<RecordView>;
  readonly outcomes: readonly Outcome[];
  /** When this process last woke from sleeping through its own loop; what it missed until then is no evidence. */
  readonly lastThawMs: number;
}

export type Asked<T> =
  | { readonly kind: "not-asked" }
  | { readonly kind: "failed"; readonly why: string; readonly isForeign: boolean }
  | {
      readonly kind: "read";
      readonly askedAtMs: number;
      readonly readAtMs: number;
      readonly value: T;
    };

export type RecordView =
  | { readonly from: "api"; readonly found: readonly RecordSet[] }
  | {
      readonly from: "dns";
      readonly addresses: readonly string[];
      readonly alias: string | null;
      readonly ports: readonly number[];
      /** What the replicas' name answered; absent: there is none, or it could not be asked. */
      readonly replicas?: readonly string[];
    };

/** What a node said over an effect session; the session's id is the token for acting on it. */
export interface Prepared {
  readonly node: NodeId;
  readonly session: number;
  readonly askedAtMs: number;
  readonly facts: NodeFacts | null;
  readonly why: string;
}

/** What a server that is no node of the group said of itself, over a connection for that alone. */
export interface Newcomer {
  readonly node: NodeConfig;
  readonly askedAtMs: number;
  /** null: no answer; then `why` says so. */
  readonly facts: NodeFacts | null;
  readonly why: string;
  /** The other group whose node it is; null: none. */
  readonly owner: string | null;
}

/** The promotion this shift carried out itself; a commit needs one (protocol F1, rule 5). */
export interface Promotion {
  readonly epoch: number;
  readonly node: NodeId;
  readonly facts: NodeFacts | null;
  readonly oldMaster: NodeFacts | null;
  readonly failures: number;
  readonly why: string;
  readonly trips: { readonly store: number; readonly redis: number };
}

/** The hand-over that this shift asked for. `refusal`: the server said no, and certainly did nothing. */
export interface HandedOver {
  readonly epoch: number;
  readonly atMs: number;
  readonly refusal: string | null;
}

/** The process and history at which this shift closed every connection that older commands could come over. */
export interface CutAt {
  readonly epoch: number;
  readonly node: NodeId;
  readonly runId: string;
  readonly replid: string;
}

export interface Publication {
  readonly epoch: number;
  readonly isDone: boolean;
  readonly isRefused: boolean;
  readonly failures: number;
  readonly failedAtMs: number;
  readonly why: string;
}

/** Since when which round is known: before it votes, an observer probes after that. */
export interface RoundSeen {
  readonly number: number;
  readonly openedBy: string | null;
  readonly atMs: number;
}

/** Everything one shift knows of one group. Instants are this process's monotonic clock. */
export interface Memory {
  readonly observer: string;
  /** `observer/number`: the name under which this shift leads. */
  readonly shift: string;
  readonly deployment: string;
  readonly startedAtMs: number;
  /** The wall clock at the last look. */
  readonly wallMs: number;
  /** As the table has it. */
  readonly configured: GroupConfig;
  /** With the nodes that STATE has discovered. */
  readonly config: GroupConfig;
  readonly nodes: Readonly<Record<NodeId, NodeMemory>>;
  readonly prepared: Readonly<Record<NodeId, Prepared>>;
  readonly newcomers: Readonly<Record<NodeId, Newcomer>>;
  /** Nodes that are nodes of another group, too. */
  readonly elsewhere: Readonly<Record<NodeId, Elsewhere>>;
  readonly areOthersSeen: boolean;
  /** undefined: never read in this shift; null: the item doesn't exist. */
  readonly state: GroupState | null | undefined;
  readonly stateAskedAtMs: number;
  readonly stateReadAtMs: number;
  readonly storeFailure: { readonly why: string; readonly isForeign: boolean } | null;
  /** Rounds up to this number were there before this shift looked: of unknown age, not to be joined. */
  readonly firstRound: number | null;
  readonly wokenFor: number | null;
  readonly roundSeen: RoundSeen;
  readonly voted: { readonly round: number; readonly verdict: VoteVerdict } | null;
  readonly votes: { readonly votes: readonly Vote[]; readonly askedAtMs: number } | null;
  readonly withdrewAtMs: number | null;
  /** What takeover watches, and since when it stands still. */
  readonly watched: { readonly key: string; readonly sinceMs: number };
  readonly masterKnown: { readonly epoch: number; readonly sinceMs: number };
  /** The master's ids as STATE records them, and since when this observer knows them: what it heard before is older. */
  readonly recordKnown: { readonly key: string; readonly sinceMs: number };
  /** The nodes that STATE holds, and since when this observer knows it. */
  readonly keptKnown: { readonly key: string; readonly sinceMs: number };
  /** What the predecessor held against the master when it last reported. */
  readonly inherited: Inherited | null;
  readonly absence: Absence | null;
  /** The running epoch and since when this observer knows it: failed epochs are backed off from by this clock. */
  readonly epochSeen: { readonly epoch: number; readonly sinceMs: number };
  readonly leadingSinceMs: number | null;
  readonly upVotes: number;
  readonly promotion: Promotion | null;
  readonly handedOver: HandedOver | null;
  readonly fencedEpoch: number | null;
  readonly cutAt: CutAt | null;
  /** The latest publication of each name that this shift tried; null: none yet. */
  readonly publications: Readonly<Record<RecordRole, Publication | null>>;
  readonly record: RecordView | null;
  readonly recordCheckedAtMs: number | null;
  /** Repairs that failed: node → when. */
  readonly repairFailedAtMs: Readonly<Record<NodeId, number>>;
  readonly marks: Marks;
  /** What a pass takes over of nodes that its predecessor found down, for as long as they don't answer. */
  readonly foundDown: Readonly<Record<NodeId, Verdict>>;
  /** What this observer concluded of each node at the last look, so that a change is said once. */
  readonly verdicts: Readonly<Record<NodeId, Verdict>>;
  /** The last of them that was more than "slow": a late answer between two refusals is no news. */
  readonly settled: Readonly<Record<NodeId, Verdict["kind"]>>;
  /** Until when this shift's silence is its own sleep's. */
  readonly lastThawMs: number;
  /** Keys of what was said once already. */
  readonly reported: readonly string[];
}

/** A suspicion that a shift takes over from the one before it: whom, for how long, and the last offset seen of it. */
export interface Inherited {
  readonly suspect: NodeId;
  readonly forMs: number;
  readonly offset: number | null;
  /** What it saw of a load that goes on, which counts for `rebootDownAfterMs`; null: none. */
  readonly loading: LoadingBefore | null;
}

export interface MemoryStart {
  readonly observer: string;
  readonly shift: string;
  readonly deployment: string;
  readonly nowMs: number;
  readonly config: GroupConfig;
  readonly wokenFor: number | null;
  /** From the predecessor's heartbeat: how long the committed master has been known (cool-down). */
  readonly masterKnown: { readonly epoch: number; readonly forMs: number } | null;
  readonly inherited?: Inherited | null;
  readonly absence?: AbsenceBefore | null;
  /** Of nodes that answered the predecessor and were of no use to it. */
  readonly spells?: Readonly<Record<NodeId, Spells>>;
  /** Nodes that the predecessor found down: what a pass has no time to find out again, and nobody wants to hear again. */
  readonly foundDown?: Readonly<Record<NodeId, Verdict>>;
  /** What the nodes have told the watch before this one in the same process. */
  readonly heard?: Readonly<Record<NodeId, Heard>>;
}

export function newMemory(start: MemoryStart): Memory {
  const { observer, shift, deployment, nowMs, config, wokenFor, masterKnown } = start;
  return {
    observer,
    shift,
    deployment,
    startedAtMs: nowMs,
    wallMs: Number.NEGATIVE_INFINITY,
    configured: config,
    config,
    nodes: nodesOf(config, knownBefore(start)),
    prepared: {},
    newcomers: {},
    elsewhere: {},
    areOthersSeen: false,
    state: undefined,
    stateAskedAtMs: Number.NEGATIVE_INFINITY,
    stateReadAtMs: Number.NEGATIVE_INFINITY,
    storeFailure: null,
    firstRound: null,
    wokenFor,
    roundSeen: { number: -1, openedBy: null, atMs: nowMs },
    voted: null,
    votes: null,
    withdrewAtMs: null,
    watched: { key: "", sinceMs: nowMs },
    masterKnown:
      masterKnown === null
        ? { epoch: -1, sinceMs: Number.NEGATIVE_INFINITY }
        : { epoch: masterKnown.epoch, sinceMs: nowMs - masterKnown.forMs },
    recordKnown: { key: "", sinceMs: Number.NEGATIVE_INFINITY },
    keptKnown: { key: "", sinceMs: Number.NEGATIVE_INFINITY },
    inherited: start.inherited ?? null,
    absence: absenceFrom(start.absence ?? null, nowMs),
    epochSeen: { epoch: -1, sinceMs: Number.NEGATIVE_INFINITY },
    leadingSinceMs: null,
    upVotes: 0,
    promotion: null,
    handedOver: null,
    fencedEpoch: null,
    cutAt: null,
    publications: { master: null, replicas: null },
    record: null,
    recordCheckedAtMs: null,
    repairFailedAtMs: {},
    marks: noMarks,
    foundDown: start.foundDown ?? {},
    verdicts: start.foundDown ?? {},
    settled: {},
    lastThawMs: nowMs,
    reported: [],
  };
}

function knownBefore({
  inherited,
  spells = {},
  heard = {},
}: MemoryStart): Readonly<Record<NodeId, NodeMemory>> {
  const suspect = inherited?.suspect ?? null;
  const told = [...Object.keys(spells), ...Object.keys(heard)];
  const ids = new Set([...told, ...(suspect === null ? [] : [suspect])]);
  return Object.fromEntries(
    [...ids].map((id) => {
      const loadingBefore = id === suspect ? (inherited?.loading ?? null) : null;
      const before = { spellsBefore: spells[id] ?? null, loadingBefore };
      return [id, { ...unknownNode(id), ...heard[id], ...before }];
    }),
  );
}

export function nodesOf(config: GroupConfig, known: Readonly<Record<NodeId, NodeMemory>>) {
  return Object.fromEntries(
    config.nodes.map((node) => [node.id, known[node.id] ?? unknownNode(node.id)]),
  );
}

/** Whether this shift may vote and count in the open round (protocol F2). */
export function isJoinable(memory: Memory, state: GroupState): boolean {
  if (memory.firstRound === null) return false;
  return state.round.number > memory.firstRound || state.round.number === memory.wokenFor;
}

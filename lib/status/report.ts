import type { EpochResult, Phase } from "../core/model.ts";
import type { RecordSet } from "../core/records.ts";
import type { OperatorRequest } from "../core/requests.ts";
import type { NodeReport } from "../ports/store.ts";

/**
 * What `status --json` prints. Fields are added and never changed in meaning; `schema` is raised when one must go.
 * docs/cli.md describes it for people.
 */
export interface StatusReport {
  readonly schema: 1;
  /** Wall clock of this machine, ISO 8601. */
  readonly at: string;
  readonly table: string;
  /** False where the table has no group: a monitor that looks at the wrong table must not be told that all is well. */
  readonly isHealthy: boolean;
  /** One sentence for each thing that is wrong with the table itself. */
  readonly problems: readonly string[];
  readonly groups: readonly GroupStatus[];
}

export interface GroupStatus {
  readonly name: string;
  readonly isHealthy: boolean;
  /** One sentence for each thing that is not as it should be. */
  readonly problems: readonly string[];
  /** The version that STATE names; null before the observers have adopted the group. */
  readonly configVersion: number | null;
  readonly newestConfigVersion: number;
  readonly state: StateStatus | null;
  readonly pause: PauseStatus | null;
  /** null: an automatic failover would not wait. */
  readonly coolDown: CoolDownStatus | null;
  readonly record: RecordStatus | null;
  readonly nodes: readonly NodeStatus[];
  readonly observers: readonly ObserverStatus[];
}

export interface StateStatus {
  readonly rev: number;
  readonly epoch: number;
  readonly phase: Phase;
  readonly master: {
    readonly node: string;
    readonly epoch: number;
    readonly replid: string;
  } | null;
  readonly candidate: string | null;
  readonly leader: string | null;
  /** Only while it is open. */
  readonly round: {
    readonly number: number;
    readonly purpose: "bootstrap" | "failover";
    readonly suspect: string | null;
    readonly openedBy: string;
  } | null;
  readonly request: OperatorRequest | null;
  /** Returned masters that keep what they have, read-only, until they are released. */
  readonly held: readonly string[];
  /** How the last epoch ended, with the bytes that were lost. */
  readonly lastEpoch: EpochResult | null;
  readonly lastTransition: { readonly rev: number; readonly rule: string; readonly why: string };
}

export interface PauseStatus {
  /** "pausing" until the phase is steady and every observer has acknowledged the pause. */
  readonly status: "pausing" | "paused";
  readonly by: string;
  readonly reason: string;
  /** When it ends by itself, ISO 8601; null: when somebody resumes. */
  readonly until: string | null;
  readonly waitingFor: readonly string[];
}

export interface CoolDownStatus {
  /** The automatic failover that began it. */
  readonly epoch: number;
  /** For how long another one would wait at the most, unless an operator acknowledges. */
  readonly leftMs: number;
}

export interface RecordStatus {
  readonly name: string;
  /** "right": as the table wants it. "unknown": Route 53 could not be asked, or there is no master yet. */
  readonly status: "right" | "differs" | "unknown";
  /** What the table last saw published. */
  readonly published: { readonly epoch: number; readonly node: string } | null;
  readonly wanted: readonly RecordSet[];
  /** What Route 53 has; null when it could not be asked. */
  readonly found: readonly RecordSet[] | null;
  readonly why: string;
  /** What DNS answers whoever made this report; null: nobody asked it. It says nothing of health: caches may keep an old answer. */
  readonly answer: AnswerStatus | null;
}

export interface AnswerStatus {
  /** "same": as the zone has it, or the table, where the zone could not be asked. "none": DNS knows no such name here. */
  readonly status: "same" | "differs" | "none" | "unasked";
  readonly addresses: readonly string[];
  /** The name that it is an alias of, or null. */
  readonly alias: string | null;
  /** For how much longer it may be answered so. */
  readonly ttlSeconds: number | null;
  readonly why: string;
}

export interface NodeStatus {
  readonly id: string;
  /** The `host:port` at which it is probed, which is its id where the file gives it no name. */
  readonly probe: string;
  readonly isMaster: boolean;
  /** Whether the observers found it: no file names it. */
  readonly isDiscovered: boolean;
  /** Where the configuration says that it stands; null: it says nothing. */
  readonly zone: string | null;
  readonly region: string | null;
  /** How much the configuration wants it as master; null: the server's replica-priority counts. */
  readonly priority: number | null;
  /** Why the configuration forbids its promotion; null: it doesn't. */
  readonly never: string | null;
  /** By observer; an observer that has reported nothing is absent. */
  readonly seenBy: Readonly<Record<string, NodeSeen>>;
}

export interface NodeSeen extends NodeReport {
  /** Bytes behind the master, both as this observer saw them; null when either is unknown. */
  readonly lagBytes: number | null;
}

export interface ObserverStatus {
  readonly name: string;
  /** "stale": its last heartbeat is older than `staleAfterMs`. "absent": it has reported nothing about the group. */
  readonly status: "present" | "stale" | "absent";
  /** By this machine's wall clock and the observer's, so clocks that differ show here. */
  readonly ageMs: number | null;
  readonly shift: number | null;
  readonly codeVersion: string | null;
  readonly configVersion: number | null;
  readonly rev: number | null;
  readonly suspect: string | null;
  readonly rule: string | null;
  readonly why: string | null;
}

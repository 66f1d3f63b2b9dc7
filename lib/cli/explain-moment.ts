import { backOffLeftMs, failedEpochs } from "../core/back-off.ts";
import type { GroupConfig } from "../core/config.ts";
import { coolDownOf } from "../core/cool-down.ts";
import type { Candidates, Held, Moment } from "../core/explain.ts";
import type { GroupState, MasterRecord, Vote } from "../core/model.ts";
import { tally } from "../core/quorum.ts";
import { dueReplacement } from "../core/view.ts";
import type { GroupReport } from "../ports/store.ts";

/** What the table says of a group now. */
export interface TableMoment {
  readonly config: GroupConfig;
  readonly state: GroupState;
  readonly master: MasterRecord;
  readonly votes: readonly Vote[];
  /** Wall clock of this machine: what people planned is compared with it (ADR 0008). */
  readonly wallMs: number;
}

/** What one observer last said of the group. */
export interface Reported {
  readonly observer: string;
  readonly report: GroupReport;
  /** How long ago, by this machine's clock and the observer's. */
  readonly ageMs: number;
}

/**
 * The moment as an observer's next decision would have it, put together from its heartbeat and from STATE and votes as they
 * are now. A heartbeat of older code says less: then it is as in calm.
 */
export function momentFrom(table: TableMoment, reported: Reported): Moment {
  const { config, state, master, votes, wallMs } = table;
  const { observer, report, ageMs } = reported;
  const own = votes.find((vote) => vote.observer === observer && vote.round === state.round.number);
  const wish = dueReplacement(state.request, wallMs);
  return {
    barrier: barrierOf(state, report),
    config,
    state,
    master,
    held: heldBy(table, reported),
    restLeftMs: (report.way?.restLeftMs ?? 0) - ageMs,
    isJoinable: state.round.number >= (report.way?.joinsFrom ?? 0),
    voted: own?.verdict ?? null,
    tally: tally(config, state.round, state.epoch, votes),
    coolDownLeftMs: coolDownOf(state, config.settings, masterKnownForMs(state, reported)),
    backOffLeftMs: backOffLeftMs(state, epochKnownForMs(state, reported)),
    wish: wish?.kind === "failover" ? wish : null,
    choice: isOfMaster(state, report) ? (report.way?.choice ?? null) : null,
    preview: previewOf(table, report),
  };
}

/** Rows that keep every hand off stand above all others, and begin with an F. */
function barrierOf(state: GroupState, { rule, why, configVersion }: GroupReport) {
  if (configVersion !== state.configVersion) {
    const held = `it holds configuration version ${configVersion}, STATE names ${state.configVersion}`;
    return { rule: "F140", why: held };
  }
  return rule.startsWith("F") && rule !== "F140" ? { rule, why } : null;
}

/** What it says of the master before this one is no word on this one. */
function isOfMaster(state: GroupState, { masterEpoch }: GroupReport): boolean {
  return masterEpoch === state.masterEpoch;
}

function heldBy({ state, master }: TableMoment, { report }: Reported): Held {
  const nothing = { kind: "none", of: null, forMs: null } as const;
  if (!isOfMaster(state, report)) {
    return { ...nothing, why: `it has not reported on ${master.node} as the master yet` };
  }
  const verdict = report.nodes[master.node]?.verdict ?? "unknown";
  return report.way?.held ?? { ...nothing, why: `it says ${verdict}` };
}

function masterKnownForMs(state: GroupState, { report, ageMs }: Reported): number {
  return isOfMaster(state, report) ? report.masterKnownForMs + ageMs : 0;
}

/** An epoch that a shift found when it began is of unknown age: long enough ago. */
function epochKnownForMs(state: GroupState, { report, ageMs }: Reported): number {
  const known = report.way?.epochKnown;
  if (failedEpochs(state) === 0 || known === undefined) return Number.POSITIVE_INFINITY;
  return known.epoch === state.epoch ? known.forMs + ageMs : 0;
}

function previewOf({ config, master }: TableMoment, { nodes, way }: GroupReport): Candidates {
  const masterOffset = nodes[master.node]?.offset ?? null;
  const field = config.nodes
    .filter(({ id }) => id !== master.node)
    .map(({ id }) => {
      const { offset = null, unfit = "it has not been reported on" } = nodes[id] ?? {};
      const isKnown = offset !== null && masterOffset !== null;
      const lagBytes = isKnown ? Math.max(0, masterOffset - offset) : null;
      return { node: id, isEligible: unfit === null, lagBytes, why: unfit ?? "it could" };
    });
  const why = field.map(({ node, why: reason }) => `${node}: ${reason}`).join("; ");
  const node = way?.successor ?? null;
  return { node, why: node === null ? why : "by what it said last", field };
}

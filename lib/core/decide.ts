import { absenceOf } from "./absence.ts";
import { absorb } from "./absorb.ts";
import { assertNever } from "./assert-never.ts";
import type { Command, Look, Plan } from "./commands.ts";
import type { NodeId } from "./config.ts";
import { firstMissAtMs, type NodeMemory } from "./detector.ts";
import { type SentinelEvent, warning } from "./events.ts";
import { noMarks } from "./marks.ts";
import type { Memory, Observation } from "./memory.ts";
import type { GroupState, Verdict } from "./model.ts";
import { notices } from "./notices.ts";
import type { Finding, Rule } from "./rules/rule.ts";
import { sentinelsKey } from "./rules/sentinels.ts";
import { type RuleTable, rules as ruleTable } from "./rules.ts";
import { suspicion } from "./situation.ts";
import { verdictOf } from "./verdict.ts";
import type { GroupView, MasterView, View } from "./view.ts";

/** What is to be done, by which rule, and why. */
export interface Decision {
  readonly rule: string;
  readonly why: string;
  readonly plan: Plan;
  readonly look: Look;
}

export interface Step {
  readonly memory: Memory;
  readonly decision: Decision;
  /** What this observer noticed by itself, independent of the rule that fired. */
  readonly noticed: readonly SentinelEvent[];
}

/**
 * One turn of the watch: fold what was seen into the memory, then let the table decide. Pure and deterministic: no
 * clock, no randomness, no I/O.
 */
export function step(before: Memory, seen: Observation): Step {
  const marked = mark(before, absorb(before, seen), seen);
  const folded = withVerdicts(withAbsence(before, marked, seen.nowMs), seen.nowMs);
  const view = viewOf(folded, seen.nowMs, seen.attempt);
  const decided = decide(view);
  const { decision, reported } = sayOnce(decided, folded);
  return {
    memory: { ...folded, reported },
    decision,
    noticed: notices(before, folded),
  };
}

export function viewOf(memory: Memory, nowMs: number, attempt: string): View {
  const { config } = memory;
  return { memory, config, settings: config.settings, nowMs, attempt };
}

export function groupView(view: View, state: GroupState): GroupView {
  return { ...view, state };
}

/** The view with its committed master; null when the master is no node of the configuration. */
export function masterView(view: GroupView): MasterView | null {
  const { master } = view.state;
  const masterMemory = master === null ? undefined : view.memory.nodes[master.node];
  if (master === null || masterMemory === undefined) return null;
  return { ...view, master, masterMemory };
}

/** Walks the table; the first finding wins. The last row of every phase finds something. */
export function decide(view: View, table: RuleTable = ruleTable): Decision {
  const fail = first(table.failStatic, view);
  if (fail !== null) return fail;
  const { state } = view.memory;
  if (state === null || state === undefined) return orHold(first(table.withoutState, view), view);
  const group = groupView(view, state);
  const off = first(table.handsOff, group);
  if (off !== null) return off;
  if (state.master === null) return orHold(first(table.withoutMaster, group), view);
  const known = masterView(group);
  if (known === null) return orphan(view, state.master.node);
  switch (state.phase) {
    case "steady":
      return orHold(first(table.steady, known), view);
    case "promoting":
      return orHold(first(table.promoting, known), view);
    case "settling":
      return orHold(first(table.settling, known), view);
    default:
      return assertNever(state.phase);
  }
}

function first<V>(rows: readonly Rule<V>[], view: V): Decision | null {
  for (const rule of rows) {
    const finding = rule.find(view);
    if (finding !== null) return named(rule.id, finding);
  }
  return null;
}

function named(rule: string, finding: Finding): Decision {
  return { rule, why: finding.why, plan: finding.plan, look: finding.look };
}

const restLook: Look = {
  afterMs: 250,
  probe: [],
  info: false,
  rehearse: "no",
  prepare: [],
  newcomers: [],
  bystander: null,
  order: "together",
  state: true,
  votes: false,
  record: "none",
};

function orHold(decision: Decision | null, view: View): Decision {
  if (decision !== null) return decision;
  const probe = Object.keys(view.memory.nodes);
  const { state } = view.memory;
  const { phase, kind, candidate } = state ?? {};
  const found = `phase ${phase ?? "none"}, kind ${kind ?? "none"}, candidate ${candidate?.node ?? "none"}`;
  const why = `no rule applies to STATE (${found}): no version writes it so; it was edited by hand`;
  const command: Command = { kind: "emit", event: warning("+page", why, { onceKey: "no rule" }) };
  return { rule: "F190", why, plan: [[command]], look: { ...restLook, probe, info: true } };
}

function orphan(view: View, node: string): Decision {
  const why = `the committed master ${node} is no node of configuration version ${view.config.version}`;
  const command: Command = { kind: "emit", event: warning("+page", why, { onceKey: "orphan" }) };
  return { rule: "F160", why, plan: [[command]], look: { ...restLook, afterMs: 1_000 } };
}

const reportedMax = 200;

/** Drops events that were said already for the same cause; calm forgets, so that the next time is said again. */
function sayOnce(
  decision: Decision,
  memory: Memory,
): { readonly decision: Decision; readonly reported: readonly string[] } {
  if (decision.plan.length === 0 && memory.reported.length === 0) {
    return { decision, reported: memory.reported };
  }
  const isCalm = decision.rule === "R799";
  const reported = new Set(isCalm ? memory.reported.filter(isLasting) : memory.reported);
  const plan = decision.plan.map((commands) =>
    commands.filter((command) => {
      const key = command.kind === "emit" ? command.event.onceKey : undefined;
      if (key === undefined) return true;
      const isNew = !reported.has(key);
      reported.add(key);
      return isNew;
    }),
  );
  const kept = [...reported].slice(-reportedMax);
  return { decision: { ...decision, plan: plan.filter((one) => one.length > 0) }, reported: kept };
}

/** What disturbs no calm is no news in it: a foreign or odd node, a refused record, a Sentinel, a script or a test is said once a shift. */
function isLasting(key: string): boolean {
  if (key === sentinelsKey) return true;
  const kinds = ["foreign ", "odd ", "refused ", "notify-test ", "newcomer "];
  return [...kinds, "unwritable ", "script-kill "].some((kind) => key.startsWith(kind));
}

/** Keeps the instants of a failover under way, for the durations in its events. */
function mark(before: Memory, memory: Memory, seen: Observation): Memory {
  const { state } = memory;
  if (state === null || state === undefined || state.master === null) return memory;
  const view = masterView(groupView(viewOf(memory, seen.nowMs, seen.attempt), state));
  if (view === null) return memory;
  const held = suspicion(view);
  const isLeading = state.leader === memory.shift && state.phase !== "steady";
  const isCalm = held.kind === "none" && !isLeading;
  if (isCalm && seen.outcomes.length === 0) return { ...memory, marks: noMarks };
  const old = isCalm ? noMarks : memory.marks;
  const won = seen.outcomes.find((outcome) => outcome.kind === "state-written");
  const isClaim = won !== undefined && won.state.epoch > (before.state?.epoch ?? 0);
  const isCommit = won !== undefined && won.state.phase === "settling" && isLeading;
  const isFresh = isCommit && before.state?.phase !== "settling";
  const hasVoted = seen.outcomes.some((outcome) => outcome.kind === "voted");
  const isPublished = seen.outcomes.some(
    (outcome) => outcome.kind === "published" && outcome.role === "master",
  );
  const counted = before.votes?.votes ?? [];
  const marks = {
    firstMissAtMs: firstMissAtMs(view.masterMemory) ?? old.firstMissAtMs,
    evidenceAtMs: old.evidenceAtMs ?? (held.kind === "full" ? seen.nowMs : null),
    votedAtMs: hasVoted && held.kind === "full" ? seen.nowMs : old.votedAtMs,
    claimedAtMs: claimedAt(state, isClaim, old.claimedAtMs, seen.nowMs),
    promotedAtMs: old.promotedAtMs,
    committedAtMs: isFresh ? seen.nowMs : old.committedAtMs,
    publishedAtMs: isPublished ? seen.nowMs : old.publishedAtMs,
  };
  const upVotes = isClaim
    ? counted.filter((vote) => vote.round === before.state?.round.number && vote.verdict === "up")
        .length
    : memory.upVotes;
  return { ...memory, marks, upVotes };
}

/** What a frozen process slept through it does not know: the master may have been in order. */
function withAbsence(before: Memory, memory: Memory, nowMs: number): Memory {
  const hasSlept = memory.lastThawMs > before.lastThawMs;
  const known = hasSlept ? { ...memory, absence: null } : memory;
  const { state } = known;
  const view = state == null ? null : masterView(groupView(viewOf(known, nowMs, ""), state));
  return view === null ? known : { ...known, absence: absenceOf(view) };
}

function withVerdicts(memory: Memory, nowMs: number): Memory {
  const { settings } = memory.config;
  const verdicts: Record<NodeId, Verdict> = {};
  const settled: Record<NodeId, Verdict["kind"]> = {};
  for (const known of Object.values(memory.nodes)) {
    const own = verdictOf(known, settings, nowMs);
    const verdict = own.kind === "slow" ? (stillDown(memory, known) ?? own) : own;
    const before = memory.settled[known.node];
    verdicts[known.node] = verdict;
    settled[known.node] = verdict.kind === "slow" && before !== undefined ? before : verdict.kind;
  }
  return { ...memory, verdicts, settled };
}

/**
 * A node that was found down before this pass, and has not answered it, is no better for being asked anew. Of the master
 * everybody has to find that out alone.
 */
function stillDown({ foundDown, state }: Memory, node: NodeMemory): Verdict | null {
  if (node.lastAnsweredAtMs !== null || node.node === state?.master?.node) return null;
  return foundDown[node.node] ?? null;
}

/** A claim is this shift's evidence for its own epoch alone: it ends with the epoch (protocol F6). */
function claimedAt(
  state: GroupState,
  isClaim: boolean,
  before: number | null,
  nowMs: number,
): number | null {
  if (state.phase === "steady") return null;
  return isClaim && state.phase === "promoting" ? nowMs : before;
}

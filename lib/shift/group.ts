import type { AbsenceBefore } from "../core/absence.ts";
import { absorb } from "../core/absorb.ts";
import type { Look, Outcome } from "../core/commands.ts";
import type { GroupConfig, NodeId } from "../core/config.ts";
import { configSet } from "../core/config-changes.ts";
import { type Decision, groupView, masterView, step, viewOf } from "../core/decide.ts";
import { noOthers } from "../core/elsewhere.ts";
import type { Heard } from "../core/heard.ts";
import { isMasterSane } from "../core/identity.ts";
import { type Inherited, type Memory, newMemory } from "../core/memory.ts";
import type { GroupState, Verdict } from "../core/model.ts";
import type { Spells } from "../core/spells.ts";
import { release } from "../core/state.ts";
import { unsettledBecause } from "../core/unsettled.ts";
import { listenForLosses } from "./alarm.ts";
import { DecisionLog } from "./decision-log.ts";
import { execute } from "./execute.ts";
import { glance } from "./glance.ts";
import { dropSessions, type Hands } from "./hands.ts";
import { type Copied, LogCopier } from "./log-copier.ts";
import { observe } from "./observe.ts";
import { inRhythmMs, type Rhythm } from "./pace.ts";
import { report } from "./report.ts";
import { UnsaidLines } from "./unsaid.ts";

/** Who watches: names and numbers that stay the same through a shift. */
export interface Identity {
  readonly observer: string;
  /** `observer/number.request`: the name under which this shift leads. */
  readonly shift: string;
  readonly deployment: string;
}

/** What the heartbeat and the hand-over want to know of a group's watch. */
export interface GroupStatus {
  readonly memory: Memory;
  readonly rule: string;
  readonly why: string;
  readonly atMs: number;
  /** The log of STATE is in the events up to this rev. */
  readonly copiedRev: number;
  /** Whether something is suspect or unsettled, so that the shift must stay. */
  readonly isBusy: boolean;
  /** Why a pass must stay awake; null: it need not. */
  readonly unsettled: string | null;
  /** How often this watch has looked, and whether the last decision left nothing to be done at once. */
  readonly looks: number;
  readonly isAtRest: boolean;
  readonly isReadingRecord: boolean;
}

export interface GroupWatch {
  readonly identity: Identity;
  readonly hands: Hands;
  readonly config: GroupConfig;
  readonly wokenFor: number | null;
  readonly masterKnown: { readonly epoch: number; readonly forMs: number } | null;
  /** What the predecessor held against the master. */
  readonly inherited: Inherited | null;
  readonly absence: AbsenceBefore | null;
  readonly spells: Readonly<Record<NodeId, Spells>>;
  readonly foundDown: Readonly<Record<NodeId, Verdict>>;
  /** What the nodes have told the watch before this one in the same shift. */
  readonly heard: Readonly<Record<NodeId, Heard>>;
  /** How far the log of STATE is known to be copied. */
  readonly copied: Copied;
  /** The STATE that an earlier pass read, for a first glance; null: there is none. */
  readonly recalled: GroupState | null;
  /** The newest configuration in the table, for a group whose STATE names none yet. */
  readonly latest: () => GroupConfig | null;
  readonly onStatus: (status: GroupStatus) => void;
  /** Whether this is a pass that reports: it doesn't wait an interval for each look that a whole shift would take. */
  readonly pace: "by interval" | "hurried";
  readonly rhythm: Rhythm;
  /** When the decision was last told in calm, which is told once a minute: by the first pass of it, where there are many. */
  readonly calmToldAtMs: number;
  /** Aborted when the shift ends or the group is gone. */
  readonly signal: AbortSignal;
}

const firstLook = (config: GroupConfig): Look => ({
  afterMs: 0,
  probe: config.nodes.map((node) => node.id),
  info: true,
  rehearse: "no",
  prepare: [],
  newcomers: [],
  bystander: null,
  order: "together",
  state: true,
  votes: false,
  record: "none",
});

/** No plan needs more looks in a row than this; beyond it something answers faster than it changes. */
const immediateLooksMax = 40;
const restMs = 100;
/** So many looks has a pass that reports in a row, as long as all is well. */
const hurriedLooksMax = 8;
/** Between those that every such pass has, which are paid for; more of them wait for a record that is slow to come. */
const hurriedRestMs = 20;
const hurriedFirstLooks = 3;

/**
 * Watches one group: observe, decide, execute, and look again as the decision says. Ends with the shift, or with the
 * configuration that STATE names instead of the one it was started with.
 */
export async function watchGroup(watch: GroupWatch): Promise<GroupConfig | null> {
  const { hands, identity, signal, config } = watch;
  let newer: GroupConfig | null = null;
  let isInForce = false;
  let immediateLooks = 0;
  let memory = startMemory(watch);
  let look = firstLook(config);
  let outcomes: readonly Outcome[] = [];
  let isHurried = false;
  let isCalm = false;
  const told = new DecisionLog(hands, watch.calmToldAtMs);
  const unsaid = new UnsaidLines(hands);
  const copier = new LogCopier(hands, watch.copied);
  const alarm = listenForLosses(hands.nodes, hands.clock, signal, config.settings.probeIntervalMs);
  if (watch.recalled !== null) look = await glanceFirst(watch, alarm, look);
  for (let turn = 1; !signal.aborted && newer === null; turn += 1) {
    immediateLooks = look.afterMs > 0 ? 0 : immediateLooks + 1;
    const unhurriedMs = immediateLooks > immediateLooksMax ? restMs : look.afterMs;
    const hurriedMs = turn <= hurriedFirstLooks ? hurriedRestMs : restMs;
    const waitMs = isHurried ? hurriedMs : unhurriedMs;
    if (waitMs > 0) await alarm.sleep(isCalm ? inRhythm(watch, waitMs) : waitMs);
    if (signal.aborted) break;
    const attempt = `${identity.shift}#${turn}`;
    const request = { look, config: memory.config, memory, outcomes, attempt };
    const observation = { ...(await observe(hands, request)), config };
    const { memory: next, decision, noticed } = step(memory, observation);
    memory = next;
    for (const event of noticed) report(hands, memory, "noticed", event);
    unsaid.see(memory);
    told.see(memory, decision);
    outcomes = await execute(hands, memory, decision);
    unsaid.keep(decision, outcomes);
    look = decision.look;
    copier.see(memory.state);
    const status = statusOf(hands, memory, decision, { looks: turn, copiedRev: copier.copiedRev });
    watch.onStatus(status);
    isHurried = watch.pace === "hurried" && mayHurry(status);
    isCalm = status.unsettled === null && !isHurried;
    if (decision.rule === "R799") dropSessions(hands);
    isInForce ||= memory.state?.configVersion === config.version;
    newer = await configFor(hands, memory, watch.latest());
  }
  // A shift begins with the newest configuration, which may be none that ever was in force.
  if (newer !== null && isInForce) {
    report(hands, memory, "noticed", configSet(identity.observer, config, newer));
  }
  memory = absorb(memory, quiet(memory, outcomes, hands.clock.nowMs(), identity.shift));
  await Promise.all([letGo(hands, memory, identity), copier.flush()]);
  dropSessions(hands);
  return newer;
}

/**
 * Where a glance finds all to be well the watch has something to say at once, and a pass ends before it has begun. Where it
 * does not, the look that follows asks for STATE alone: what the nodes said is as if it had asked them itself.
 */
async function glanceFirst(
  watch: GroupWatch,
  alarm: ReturnType<typeof listenForLosses>,
  look: Look,
): Promise<Look> {
  const { hands, recalled, copied, identity } = watch;
  if (recalled === null) return look;
  const attempt = `${identity.shift}#0`;
  const seen = await glance(hands, { recalled, memory: startMemory(watch), look, attempt });
  if (seen === null) return { ...look, probe: [] };
  watch.onStatus(
    statusOf(hands, seen.memory, seen.decision, { looks: 1, copiedRev: copied.copiedRev }),
  );
  await alarm.sleep(seen.decision.look.afterMs);
  return look;
}

function startMemory(watch: GroupWatch): Memory {
  const { identity, config, wokenFor, masterKnown, inherited, spells, hands } = watch;
  const { absence, foundDown, heard } = watch;
  const nowMs = hands.clock.nowMs();
  const before = { masterKnown, inherited, absence, spells, foundDown, heard };
  return newMemory({ ...identity, nowMs, config, wokenFor, ...before });
}

function statusOf(
  hands: Hands,
  memory: Memory,
  { rule, why, plan, look }: Decision,
  counted: Pick<GroupStatus, "looks" | "copiedRev">,
): GroupStatus {
  const atMs = hands.clock.nowMs();
  return {
    ...{ memory, rule, why, atMs, ...counted },
    isBusy: isBusy(memory, atMs),
    unsettled: unsettledBecause(memory, atMs),
    isAtRest: plan.length === 0 && look.afterMs > 0,
    isReadingRecord: look.record !== "none" || hands.reading.length > 0,
  };
}

function inRhythm({ hands, config, rhythm }: GroupWatch, waitMs: number): number {
  return inRhythmMs(rhythm, hands.clock.nowMs(), waitMs, config.settings.probeIntervalMs);
}

function mayHurry({ unsettled, isAtRest, looks }: GroupStatus): boolean {
  return unsettled === null && isAtRest && looks < hurriedLooksMax;
}

/** A shift stays awake while anything is suspect or unsettled (DESIGN 6). */
function isBusy(memory: Memory, nowMs: number): boolean {
  const { state } = memory;
  if (state === undefined || state === null || state.master === null) return false;
  if (state.phase !== "steady" && state.leader === memory.shift) return true;
  const view = masterView(groupView(viewOf(memory, nowMs, ""), state));
  return view !== null && !isMasterSane(view);
}

/** STATE names the version in force; before there is a STATE, the newest one stands. */
async function configFor(
  hands: Hands,
  memory: Memory,
  latest: GroupConfig | null,
): Promise<GroupConfig | null> {
  const { state, config } = memory;
  if (state === undefined) return null;
  if (state === null) return latest !== null && latest.version > config.version ? latest : null;
  if (state.configVersion === config.version) return null;
  if (latest?.version === state.configVersion) return latest;
  const got = await hands.store.readConfig(config.name, state.configVersion);
  if (got.ok) return got.value;
  hands.reporter.line("warn", `configuration not read: ${got.why}`, { group: config.name });
  return null;
}

function quiet(memory: Memory, outcomes: readonly Outcome[], nowMs: number, attempt: string) {
  const notAsked = { kind: "not-asked" as const };
  return {
    nowMs,
    wallMs: memory.wallMs,
    attempt,
    config: memory.configured,
    samples: [],
    prepared: [],
    newcomers: [],
    others: noOthers,
    state: notAsked,
    votes: notAsked,
    record: notAsked,
    outcomes,
    lastThawMs: memory.lastThawMs,
  };
}

/** A leader that must stop says so, so that its successor need not wait (protocol F9). */
async function letGo(hands: Hands, memory: Memory, identity: Identity): Promise<void> {
  const { state } = memory;
  if (state === undefined || state === null || state.phase === "steady") return;
  if (state.leader !== identity.shift) return;
  const why = `${identity.shift} ends while epoch ${state.epoch} is in phase ${state.phase}`;
  const attempt = `${identity.shift}#release`;
  const writer = { attempt, shift: identity.shift, rule: "L440", why };
  const command = release(state, writer);
  const done = await hands.store.writeState(command.base, command.next, command.attempt);
  if (!done.ok) hands.reporter.line("warn", `not released: ${done.why}`, { group: state.group });
}

import { type Start, whyIdle } from "../core/cadence.ts";
import type { GroupConfig } from "../core/config.ts";
import { heardBefore } from "../core/heard.ts";
import { wallMsOf } from "../core/instants.ts";
import { type Result, success } from "../ports/errors.ts";
import type { Meter } from "../ports/meter.ts";
import type { RedisNodes } from "../ports/redis.ts";
import type { Heartbeat } from "../ports/store.ts";
import { createBeat } from "./beat.ts";
import { type Budget, createBudget } from "./budget.ts";
import type { FreezeWatch } from "./freeze.ts";
import { type GroupStatus, type Identity, watchGroup } from "./group.ts";
import type { Ports } from "./hands.ts";
import { neighboursOf } from "./neighbours.ts";
import { calmToldAtMs, paceOf, rhythmFor } from "./pace.ts";
import { allIsWell, awaitOther, createPass } from "./pass.ts";
import {
  absenceBefore,
  copiedBefore,
  foundDownBefore,
  inheritedFrom,
  masterKnownBefore,
  spellsBefore,
} from "./predecessor.ts";
import { type Keeping, keep, type Recall, recallFor } from "./recall.ts";
import { RunIds } from "./run-ids.ts";
import { stopWith } from "./stop.ts";
import { createTurns } from "./turns.ts";

/** How often the table is asked for groups that were added or removed. */
const configReadMs = 10_000;
const housekeepingMs = 500;
/** A pass has seen everything within the time of a few round trips, and each moment longer is paid for. */
const passStepMs = 20;
/** No shift is longer, whatever is suspect or unsettled: the runtime ends an invocation after 15 minutes (DESIGN 6). */
const hardCapMs = 840_000;
const retryMs = 1_000;

export interface ShiftPorts extends Ports {
  readonly meter: Meter;
  /** Connects to a group's nodes; a secret that can't be resolved is a failure, never "down" (fault N9). */
  connect(config: GroupConfig): Promise<Result<RedisNodes>>;
  /** Why the table must not decide anything; null: it may. */
  whyTableIsUnsafe(): Promise<Result<string | null>>;
  readonly watchFreezes: () => FreezeWatch;
  /** What this process has kept of the shifts before. */
  readonly keeping: Keeping;
}

export interface ShiftRequest extends Start {
  readonly observer: string;
  readonly deployment: string;
  readonly codeVersion: string;
  readonly requestId: string;
  /** Set when this shift was woken for one round. */
  readonly woken: { readonly group: string; readonly round: number } | null;
  /** After this time the shift yields to its successor: the schedule's period. */
  readonly shiftMs: number;
  /** What the invocation has left, and the signal that ends it early. */
  readonly remainingMs: number;
  readonly signal: AbortSignal;
}

export interface ShiftReport {
  readonly shift: string;
  readonly groups: readonly string[];
  readonly reason: string;
}

export interface Shift extends ShiftRequest {
  readonly ports: ShiftPorts;
  readonly identity: Identity;
  /** null until the predecessor's number could be read. */
  readonly number: number | null;
  /** null: there was none; "unknown": the table could not be asked. */
  readonly predecessor: Heartbeat | null | "unknown";
  /** What this pass need not read again, as long as all is well; null: nothing. */
  readonly recalled: Recall | null;
  /** Why nothing is watched: the pulse that started this shift is too late to be worth it. */
  readonly idle: string | null;
  /** Why nothing is watched: the table can't tell one winner from two. */
  readonly unsafe: string | null;
  readonly startedAtMs: number;
  readonly budget: Budget;
  readonly freezes: FreezeWatch;
  readonly ending: AbortController;
  readonly latest: Map<string, GroupConfig>;
  /** Whether the table has said which groups there are; before, having none to watch means nothing. */
  readonly listing: { isRead: boolean };
  readonly running: Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>;
  readonly statuses: Map<string, GroupStatus>;
  readonly runIds: RunIds;
  readonly turnOf: ReturnType<typeof createTurns>;
}

/** Begins a shift: who came before, and whether there is a reason to watch nothing. */
export async function startShift(ports: ShiftPorts, request: ShiftRequest): Promise<Shift> {
  const { observer, deployment, requestId, remainingMs, signal } = request;
  const idle = whyIdle(request);
  const [before, unsafe] =
    idle === null
      ? await Promise.all([ports.store.readHeartbeat(observer), askWhyUnsafe(ports)])
      : [notAsked, null];
  if (!before.ok) ports.reporter.line("warn", `no predecessor known: ${before.why}`, {});
  const predecessor = before.ok ? before.value : ("unknown" as const);
  ports.meter.begin(gapMs(ports, predecessor));
  const number = before.ok ? (before.value?.shift ?? 0) + 1 : null;
  const name = `${observer}/${number ?? "new"}.${requestId.slice(0, 8)}`;
  return {
    ...request,
    ports,
    identity: { observer, shift: name, deployment },
    number,
    predecessor,
    recalled: recallFor(request, predecessor, ports.keeping),
    idle,
    unsafe,
    startedAtMs: ports.clock.nowMs(),
    budget: createBudget(ports.clock, Math.min(remainingMs, hardCapMs), signal),
    freezes: ports.watchFreezes(),
    ending: new AbortController(),
    latest: new Map(),
    listing: { isRead: false },
    running: new Map(),
    statuses: new Map(),
    runIds: new RunIds(),
    turnOf: createTurns(ports.clock),
  };
}

const notAsked = success(null);
/** Two machines' wall clocks, for people alone; null where nobody watched before, or nobody knows. */
function gapMs({ clock }: ShiftPorts, predecessor: Shift["predecessor"]): number | null {
  if (predecessor === null || predecessor === "unknown") return null;
  const sinceMs = wallMsOf(clock.wallTime()) - wallMsOf(predecessor.at);
  return Number.isFinite(sinceMs) ? Math.max(0, sinceMs) : null;
}

/** A table that could not be asked has been checked as it was deployed; one that says that it is unsafe decides nothing. */
async function askWhyUnsafe({ whyTableIsUnsafe, reporter }: ShiftPorts): Promise<string | null> {
  const asked = await whyTableIsUnsafe();
  if (asked.ok) return asked.value;
  reporter.line("warn", `whether the table may decide is not known: ${asked.why}`, {});
  return null;
}

/** Watches every group of the table: until the successor has taken over, the pass has seen everything, or the time is up. */
export async function watchGroups(begun: Shift): Promise<ShiftReport> {
  const { ports, ending, budget } = begun;
  const idle = begun.unsafe ?? begun.idle ?? (await awaitOther(begun));
  if (idle !== null) {
    if (begun.unsafe !== null) ports.reporter.line("error", idle, {});
    return { shift: begun.identity.shift, groups: [], reason: idle };
  }
  // Whoever waited for a shift that was dead begins now.
  const shift = { ...begun, startedAtMs: ports.clock.nowMs() };
  let reason = "the invocation's time is up";
  let listAtMs = beginRecalled(shift) ? shift.startedAtMs + housekeepingMs : shift.startedAtMs;
  const isLoop = shift.cadence === "loop";
  const beat = isLoop ? createBeat(shift) : createPass(shift);
  while (!budget.isOver()) {
    if (ports.clock.nowMs() >= listAtMs) {
      const waitMs = (await followTable(shift)) ? configReadMs : housekeepingMs;
      listAtMs = ports.clock.nowMs() + waitMs;
    }
    const over = await beat();
    if (over !== null) {
      reason = over;
      break;
    }
    await ports.clock.sleep(isLoop ? housekeepingMs : passStepMs, budget.signal);
  }
  ending.abort(reason);
  return { shift: shift.identity.shift, groups: [...shift.running.keys()], reason };
}

/** Ends every watch, releases what this shift led, and waits for the last lines to be stored. */
export async function handOver(shift: Shift, report: ShiftReport): Promise<ShiftReport> {
  await Promise.all([...shift.running.values()].map((group) => group.done));
  shift.freezes.stop();
  keep(shift);
  // Of the passes of a minute in calm the first one's line is enough.
  const level = shift.pulse !== null && report.reason === allIsWell ? "debug" : "info";
  shift.ports.reporter.line(level, `shift ends: ${report.reason}`, { ...report });
  await Promise.all([shift.ports.reporter.flush(), shift.ports.meter.flush()]);
  return report;
}

/** Starts the watches that were recalled, which may be over before the table has to be asked which there are. */
function beginRecalled(shift: Shift): boolean {
  if (shift.recalled === null) return false;
  for (const config of shift.recalled.configs) {
    shift.latest.set(config.name, config);
    shift.running.set(config.name, startGroup(shift, config));
  }
  return true;
}

/** Starts watches of groups that were added and stops those of groups that are gone. */
async function followTable(shift: Shift): Promise<boolean> {
  const listed = await shift.ports.store.listConfigs();
  if (!listed.ok) {
    shift.ports.reporter.line("warn", `groups not listed: ${listed.why}`, {});
    return false;
  }
  const newest = new Map<string, GroupConfig>();
  for (const config of listed.value) {
    const known = newest.get(config.name);
    if (known === undefined || config.version > known.version) newest.set(config.name, config);
  }
  shift.listing.isRead = true;
  shift.latest.clear();
  for (const [name, config] of newest) {
    shift.latest.set(name, config);
    if (!shift.running.has(name)) shift.running.set(name, startGroup(shift, config));
  }
  for (const [name, group] of shift.running) {
    if (!newest.has(name)) {
      group.stop.abort();
      shift.running.delete(name);
      shift.statuses.delete(name);
      shift.runIds.forget(name);
    }
  }
  return true;
}

function startGroup(shift: Shift, config: GroupConfig) {
  const stop = stopWith([shift.ending.signal, shift.signal]);
  return { stop, done: runGroup(shift, config, stop.signal) };
}

/** One group's watch; whatever goes wrong in it stays in it. */
async function runGroup(shift: Shift, config: GroupConfig, signal: AbortSignal): Promise<void> {
  const { ports, woken } = shift;
  const rhythm = rhythmFor(shift);
  let current = config;
  let recalled = shift.recalled?.states.get(config.name) ?? null;
  await shift.turnOf(signal);
  while (!signal.aborted) {
    try {
      const nodes = await ports.connect(current);
      if (!nodes.ok) {
        ports.reporter.line("error", `not connected: ${nodes.why}`, { group: config.name });
        await ports.clock.sleep(retryMs, signal);
        continue;
      }
      const { store, dns, clock, reporter, waker } = ports;
      try {
        const glanced = recalled;
        recalled = null;
        const newer = await watchGroup({
          identity: shift.identity,
          hands: {
            ...{ store, dns, clock, reporter },
            waker: woken === null ? waker : null,
            budget: shift.budget,
            freezes: shift.freezes,
            nodes: nodes.value,
            neighbours: neighboursOf(shift, config.name),
            sessions: new Map(),
            trips: { store: 0, redis: 0 },
            failing: new Map(),
            overheard: [],
            reading: [],
          },
          config: current,
          recalled: glanced,
          wokenFor: woken?.group === config.name ? woken.round : null,
          masterKnown: masterKnownBefore(shift, config.name),
          inherited: inheritedFrom(shift, config.name),
          absence: absenceBefore(shift, config.name),
          spells: spellsBefore(shift, config.name),
          foundDown: foundDownBefore(shift, config.name),
          heard: heardBefore(shift.statuses.get(config.name)?.memory ?? null, current),
          ...{ pace: paceOf(shift, current), rhythm },
          copied: copiedBefore(shift, config.name),
          calmToldAtMs: calmToldAtMs(shift),
          latest: () => shift.latest.get(config.name) ?? null,
          // The last turn of a watch that was stopped must not bring a removed group back to the heartbeat.
          onStatus: (status) => {
            if (!shift.running.has(config.name)) return;
            shift.statuses.set(config.name, status);
            shift.runIds.tell(config.name, status.memory.nodes);
          },
          signal,
        });
        current = newer ?? current;
      } finally {
        await nodes.value.close();
      }
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      ports.reporter.line("error", `the watch failed and starts again: ${why}`, {
        group: config.name,
      });
      await ports.clock.sleep(retryMs, signal);
    }
  }
}

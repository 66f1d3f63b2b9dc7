import { findNode, type GroupConfig, type NodeId } from "../../core/config.ts";
import type { GroupState } from "../../core/model.ts";
import { normalizeName } from "../../core/records.ts";
import { request } from "../../core/state.ts";
import type { StoredEvent } from "../../ports/store.ts";
import type { CliContext, Services } from "../context.ts";
import { needRead } from "../exit.ts";
import { refuseUnlessCalm } from "../failover.ts";
import { type Asked, type Ending, renderChange, watchRequest } from "../follow.ts";
import { changeState, needGroupState, operatorWriter } from "../group-state.ts";
import { judgeSteps, type Part, type Step, zoneMs } from "./targets.ts";

/** One way of a drill: a switchover that is asked for, followed and measured. */
export interface Leg {
  readonly from: NodeId;
  /** null: it never came to a successor. */
  readonly to: NodeId | null;
  readonly epoch: number | null;
  readonly isDone: boolean;
  readonly why: string;
  readonly steps: readonly Step[];
}

export interface Way {
  readonly group: string;
  readonly config: GroupConfig;
  /** null: the observers choose. */
  readonly to: NodeId | null;
  /** Told of each change, for people. */
  readonly say: (line: string) => void;
}

export async function runLeg(context: CliContext, services: Services, way: Way): Promise<Leg> {
  const { group, config } = way;
  const before = await needGroupState(services.store, group);
  const from = before.master?.node ?? "";
  const watch = await startNameWatch(context, services, config, from);
  try {
    const id = await ask(context, services, way);
    const asked = { group, id, epoch: before.epoch };
    const followed = await followLeg(context, services, way, asked);
    const { ending, state } = followed;
    way.say(ending.message);
    if (ending.kind !== "done") {
      return { from, to: null, epoch: null, isDone: false, why: ending.message, steps: [] };
    }
    const changedAtMs = await watch.changedAtMs();
    const told = await readTold(context, services, group, state.masterEpoch);
    const steps = judgeSteps(config, measure(followed, changedAtMs, told));
    const to = state.master?.node ?? null;
    return { from, to, epoch: state.masterEpoch, isDone: true, why: ending.message, steps };
  } finally {
    watch.stop();
  }
}

/** What was seen of a leg from here, in ms of this machine's clock. */
interface Followed {
  readonly ending: Ending;
  readonly state: GroupState;
  readonly askedAtMs: number;
  readonly claimedAtMs: number | null;
  readonly committedAtMs: number | null;
  readonly endedAtMs: number;
}

async function followLeg(
  context: CliContext,
  { store }: Services,
  { say }: Way,
  asked: Asked,
): Promise<Followed> {
  const { clock } = context;
  const askedAtMs = clock.nowMs();
  let claimedAtMs: number | null = null;
  let committedAtMs: number | null = null;
  const { ending, state } = await watchRequest(context, store, asked, (now, elapsedMs) => {
    if (now.epoch > asked.epoch) claimedAtMs ??= clock.nowMs();
    if (now.masterEpoch > asked.epoch) committedAtMs ??= clock.nowMs();
    say(renderChange(now, elapsedMs));
  });
  return { ending, state, askedAtMs, claimedAtMs, committedAtMs, endedAtMs: clock.nowMs() };
}

/** The leader's own measures where there are any: what is seen from here comes late by a reading. */
function measure(
  { askedAtMs, claimedAtMs, committedAtMs, endedAtMs }: Followed,
  changedAtMs: number | null,
  told: Told,
): Readonly<Record<Part, number | null>> {
  return {
    "take-up": between(askedAtMs, claimedAtMs),
    "hand-over": told.handOverMs ?? between(claimedAtMs, committedAtMs),
    publish: told.publishMs,
    settle: told.settleMs ?? between(committedAtMs, endedAtMs),
    name: between(committedAtMs, changedAtMs),
  };
}

/** A client may be told before this command reads of the commit. */
function between(begin: number | null, end: number | null): number | null {
  return begin === null || end === null ? null : Math.max(0, Math.round(end - begin));
}

async function ask(context: CliContext, { store }: Services, { group, to }: Way): Promise<string> {
  const by = context.operator;
  const wish = { kind: "switchover", by, to, at: null, allowedLossBytes: null } as const;
  const why = `${by} drills: a switchover${to === null ? "" : ` to ${to}`}`;
  const written = await changeState(store, group, (state) => {
    refuseUnlessCalm(state);
    return request(state, wish, operatorWriter(context, "request-drill", why));
  });
  return written.attempt ?? "";
}

interface Told {
  readonly handOverMs: number | null;
  readonly publishMs: number | null;
  readonly settleMs: number | null;
}

const eventsMax = 50;
const toldWithinMs = 3_000;
const pollMs = 250;

/** What the leader measured itself: it stored that beside what it did, and a moment later. */
async function readTold(
  { clock }: CliContext,
  { store }: Services,
  group: string,
  epoch: number,
): Promise<Told> {
  const startedAtMs = clock.nowMs();
  for (;;) {
    const read = needRead(await store.readEvents(group, eventsMax), `read the events of ${group}`);
    const own = read.filter((event) => event.epoch === epoch);
    const ended = own.find(({ name }) => name === "+failover-end");
    if (ended !== undefined || clock.nowMs() - startedAtMs >= toldWithinMs) {
      const promoted = own.find(({ name }) => name === "+promoted-slave");
      return {
        handOverMs: durationOf(promoted, "promoteMs"),
        publishMs: durationOf(ended, "publishMs"),
        settleMs: durationOf(ended, "settleMs"),
      };
    }
    await clock.sleep(pollMs);
  }
}

function durationOf(event: StoredEvent | undefined, name: string): number | null {
  return event?.durationsMs[name] ?? null;
}

interface NameWatch {
  /** When DNS first answered another address; null: not in time, or it never answered this machine. */
  changedAtMs(): Promise<number | null>;
  stop(): void;
}

const nobodyWatches: NameWatch = { changedAtMs: async () => null, stop: () => {} };

/** A client on this machine that asks for the name all the time. */
async function startNameWatch(
  { clock }: CliContext,
  { resolve }: Services,
  config: GroupConfig,
  from: NodeId,
): Promise<NameWatch> {
  const { dns } = config;
  const old = findNode(config, from)?.publish.host;
  if (dns === undefined || old === undefined) return nobodyWatches;
  /** null: nobody answered. */
  const answersOld = async (): Promise<boolean | null> => {
    const answer = await resolve(dns);
    if (!answer.ok) return null;
    const { addresses, alias } = answer.value;
    return addresses.includes(old) || alias === normalizeName(old);
  };
  if ((await answersOld()) !== true) return nobodyWatches;
  let giveUpAtMs = Number.POSITIVE_INFINITY;
  const watching = (async () => {
    while ((await answersOld()) !== false) {
      if (clock.nowMs() >= giveUpAtMs) return null;
      await clock.sleep(pollMs);
    }
    return clock.nowMs();
  })();
  return {
    changedAtMs: () => {
      giveUpAtMs = clock.nowMs() + dns.ttlSeconds * 1_000 + zoneMs;
      return watching;
    },
    stop: () => {
      giveUpAtMs = 0;
    },
  };
}

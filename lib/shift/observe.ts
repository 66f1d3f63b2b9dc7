import type { Look, Outcome } from "../core/commands.ts";
import { findNode, type GroupConfig, type NodeConfig, type NodeId } from "../core/config.ts";
import { isAnswer } from "../core/detector.ts";
import type { Others } from "../core/elsewhere.ts";
import { wallMsOf } from "../core/instants.ts";
import type { Asked, Memory, Newcomer, Observation, Prepared, RecordView } from "../core/memory.ts";
import type { GroupState, Sample, Vote } from "../core/model.ts";
import { recordOf } from "../core/records.ts";
import type { Result } from "../ports/errors.ts";
import { dropSession, type Hands, type PendingRecord, sessionFor, tellFailure } from "./hands.ts";
import { askNewcomers } from "./newcomers.ts";

export interface ObserveRequest {
  readonly look: Look;
  /** The nodes that may be asked, discovered ones included. */
  readonly config: GroupConfig;
  /** What was known of the nodes before. */
  readonly memory: Pick<Memory, "nodes" | "elsewhere" | "areOthersSeen">;
  readonly outcomes: readonly Outcome[];
  readonly attempt: string;
}

/**
 * Looks once, as the decision asked: nodes, STATE, votes and the record, side by side where the order is of no
 * importance. Where it is, STATE is read after the nodes have answered (protocol F1, rule 2) or before they are asked (S320),
 * and the votes always after STATE (protocol F3). A node that doesn't answer costs its time-out and nothing else.
 */
export async function observe(hands: Hands, request: ObserveRequest): Promise<Observation> {
  const { look, config, outcomes, attempt } = request;
  // A count that doesn't follow this shift's own vote directly starts a path of its own.
  if (look.votes && hands.trips.store !== 1) Object.assign(hands.trips, { store: 0, redis: 0 });
  startBystander(hands, config, look.bystander);
  const before = look.order === "state-first" ? await askStore(hands, config, look) : null;
  const nodes = askNodes(hands, config, look);
  startRecord(hands, config, look);
  const first = look.order === "nodes-first" ? await nodes : null;
  const store = before ?? (await askStore(hands, config, look));
  const { samples, prepared, newcomers } = first ?? (await nodes);
  // Asked before the time is: no freeze may have ended after it.
  const lastThawMs = hands.freezes.lastThawMs();
  return {
    nowMs: hands.clock.nowMs(),
    wallMs: wallMsOf(hands.clock.wallTime()),
    attempt,
    config,
    // Older than what was asked in this look, where they are of an earlier one.
    samples: [...hands.overheard.splice(0), ...samples],
    prepared,
    newcomers,
    others: othersOf(hands, request, samples),
    state: store.state,
    votes: store.votes,
    record: takeRecord(hands),
    outcomes,
    lastThawMs,
  };
}

/** What the watches of the other groups in this process know of the servers that answer here. */
function othersOf(hands: Hands, { memory }: ObserveRequest, samples: readonly Sample[]): Others {
  const known = Object.values(memory.nodes).flatMap(({ facts }) => facts?.runId ?? []);
  const heard = samples.flatMap(({ facts }) => facts?.runId ?? []);
  const sightings = hands.neighbours.sightings(new Set([...known, ...heard]), memory.elsewhere);
  return { areSeen: memory.areOthersSeen || hands.neighbours.areSeen(), sightings };
}

interface NodeAnswers {
  readonly samples: readonly Sample[];
  readonly prepared: readonly Prepared[];
  readonly newcomers: readonly Newcomer[];
}

async function askNodes(hands: Hands, config: GroupConfig, look: Look): Promise<NodeAnswers> {
  const targets = look.probe.map((id) => findNode(config, id)).filter((node) => node !== undefined);
  const probed = Promise.all(targets.map((node) => probe(hands, config, node, look)));
  const asked = askNewcomers(hands, config, look.newcomers);
  if (look.prepare.length === 0) {
    return { samples: await probed, prepared: [], newcomers: await asked };
  }
  hands.trips.redis += 1;
  const [samples, prepared] = await Promise.all([
    probed,
    Promise.all(look.prepare.map((node) => prepare(hands, config, node))),
  ]);
  const heard = prepared.flatMap((one) => one.sample ?? []);
  return {
    samples: [...samples, ...heard],
    prepared: prepared.map((one) => one.prepared),
    newcomers: await asked,
  };
}

function probe(
  hands: Hands,
  config: GroupConfig,
  node: NodeConfig,
  { info, rehearse }: Pick<Look, "info" | "rehearse">,
): Promise<Sample> {
  const { probeTimeoutMs, downAfterMs } = config.settings;
  return hands.nodes.probe(node, {
    info,
    rehearse,
    timeoutMs: probeTimeoutMs,
    // Sentinel replaces a link that has been silent for half of down-after (sentinel.md 1.1).
    reconnectAfterMs: Math.max(downAfterMs / 2, 2 * probeTimeoutMs),
  });
}

/** Observes a node over its effect session. What it said counts as a sample too. */
async function prepare(
  hands: Hands,
  config: GroupConfig,
  node: NodeId,
): Promise<{ readonly prepared: Prepared; readonly sample: Sample | null }> {
  const openedAtMs = hands.clock.nowMs();
  const session = await sessionFor(hands, config, node);
  if (!session.ok) {
    const why = session.why;
    return {
      prepared: { node, session: 0, askedAtMs: openedAtMs, facts: null, why },
      sample: null,
    };
  }
  const askedAtMs = hands.clock.nowMs();
  const observed = await session.value.observe(config.settings.chooseTimeoutMs);
  if (!observed.ok) {
    dropSession(hands, node);
    const why = observed.why;
    return { prepared: { node, session: 0, askedAtMs, facts: null, why }, sample: null };
  }
  const facts = observed.value;
  const sample: Sample = {
    node,
    sentAtMs: askedAtMs,
    receivedAtMs: hands.clock.nowMs(),
    reply: { kind: "pong" },
    over: "session",
    isFreshConnect: false,
    facts,
  };
  return { prepared: { node, session: session.value.id, askedAtMs, facts, why: "" }, sample };
}

/**
 * Asked beside the others and not waited for. An answer that comes after its look belongs to the next one: a down vote
 * that is cast again must not pass over a master that has answered meanwhile (protocol F3).
 */
function startBystander(hands: Hands, config: GroupConfig, id: NodeId | null): void {
  const node = id === null ? undefined : findNode(config, id);
  if (node === undefined) return;
  void probe(hands, config, node, { info: true, rehearse: "no" }).then((sample) => {
    if (isAnswer(sample.reply)) hands.overheard.push(sample);
  });
}

interface StoreAnswers {
  readonly state: Asked<{ readonly state: GroupState | null }>;
  readonly votes: Asked<{ readonly votes: readonly Vote[] }>;
}

async function askStore(hands: Hands, config: GroupConfig, look: Look): Promise<StoreAnswers> {
  const state = look.state ? await askState(hands, config) : notAsked;
  if (!look.votes) return { state, votes: notAsked };
  const askedAtMs = hands.clock.nowMs();
  hands.trips.store += 1;
  const got = await hands.store.readVotes(config.name, config.observers);
  tellFailure(hands, "the votes were not read", got);
  const votes = asked(hands, askedAtMs, got, (value) => ({ votes: value }));
  return { state, votes };
}

const notAsked = { kind: "not-asked" as const };

async function askState(hands: Hands, config: GroupConfig): Promise<StoreAnswers["state"]> {
  const askedAtMs = hands.clock.nowMs();
  hands.trips.store += 1;
  const got = await hands.store.readState(config.name);
  if (got.ok && got.value.kind === "foreign") {
    return { kind: "failed", why: got.value.why, isForeign: true };
  }
  return asked(hands, askedAtMs, got, (stored) => ({
    state: stored.kind === "state" ? stored.state : null,
  }));
}

/** A zone or a resolver that hangs must not hold up a single probe: its answer belongs to the look that finds it. */
function startRecord(hands: Hands, config: GroupConfig, look: Look): void {
  if (config.dns === undefined || look.record === "none" || hands.reading.length > 0) return;
  const pending: PendingRecord = { answer: null };
  hands.reading.push(pending);
  void askRecord(hands, config, look).then((answer) => {
    pending.answer = answer;
  });
}

function takeRecord(hands: Hands): Asked<RecordView> {
  const answer = hands.reading[0]?.answer ?? null;
  if (answer === null) return notAsked;
  hands.reading.shift();
  return answer;
}

async function askRecord(
  hands: Hands,
  config: GroupConfig,
  look: Look,
): Promise<Asked<RecordView>> {
  if (config.dns === undefined || look.record === "none") return notAsked;
  const askedAtMs = hands.clock.nowMs();
  if (look.record === "api") {
    const got = await hands.dns.read(config.dns);
    return asked(hands, askedAtMs, got, (found) => ({ from: "api", found }));
  }
  const replicas = recordOf(config, "replicas");
  const [got, listed] = await Promise.all([
    hands.dns.resolve(config.dns),
    replicas === null ? null : hands.dns.resolve(replicas),
  ]);
  return asked(hands, askedAtMs, got, (answer) => ({
    from: "dns",
    ...answer,
    ...(listed?.ok ? { replicas: listed.value.addresses } : {}),
  }));
}

function asked<T, U>(
  hands: Hands,
  askedAtMs: number,
  got: Result<T>,
  read: (value: T) => U,
): Asked<U> {
  if (!got.ok) return { kind: "failed", why: got.why, isForeign: false };
  return { kind: "read", askedAtMs, readAtMs: hands.clock.nowMs(), value: read(got.value) };
}

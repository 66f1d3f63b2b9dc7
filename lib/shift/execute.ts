import { assertNever } from "../core/assert-never.ts";
import {
  type Attach,
  type CastVote,
  type Command,
  type Effect,
  type Fence,
  type HandOver,
  isEffect,
  type Mark,
  type Outcome,
  type Promote,
  type Publish,
  type WriteState,
} from "../core/commands.ts";
import { findNode, type NodeId } from "../core/config.ts";
import type { Decision } from "../core/decide.ts";
import type { Memory } from "../core/memory.ts";
import type { NodeFacts } from "../core/model.ts";
import type { NodeSession, RoleChange } from "../ports/redis.ts";
import { dropSession, type Hands } from "./hands.ts";

/** How long a promotion waits for the old master's answer after the candidate has answered: twice the candidate's time. */
const besideMinMs = 50;

/**
 * Carries out a plan: the one place that changes anything. Steps run in order and stop at the first that did not
 * succeed; the commands of one step run side by side. Deadline, signal and fence are checked before each effect.
 */
export async function execute(
  hands: Hands,
  memory: Memory,
  decision: Decision,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let verifiedAtMs = memory.stateAskedAtMs;
  for (const commands of decision.plan) {
    const done = await Promise.all(
      commands.map((command) => run(hands, memory, { command, decision, verifiedAtMs })),
    );
    const told = done.flatMap((outcome) => outcome ?? []);
    outcomes.push(...told);
    for (const outcome of told) {
      if (outcome.kind === "state-written") verifiedAtMs = outcome.askedAtMs;
    }
    if (told.some(isFailure)) break;
  }
  return outcomes;
}

function isFailure(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case "state-lost":
    case "store-failed":
    case "vote-lost":
    case "effect-failed":
    case "not-published":
    case "withheld":
      return true;
    default:
      return false;
  }
}

interface Task {
  readonly command: Command;
  readonly decision: Decision;
  readonly verifiedAtMs: number;
}

async function run(hands: Hands, memory: Memory, task: Task): Promise<Outcome | null> {
  const { command } = task;
  if (isEffect(command)) {
    const refusal = refuse(hands, memory, task.verifiedAtMs);
    if (refusal !== null) return withhold(hands, command, refusal);
  }
  switch (command.kind) {
    case "write-state":
      return writeState(hands, command);
    case "cast-vote":
      return castVote(hands, command);
    case "emit":
      emit(hands, memory, task.decision.rule, command.event);
      return null;
    case "wake":
      await wake(hands, memory, command.round);
      return null;
    case "promote":
      return promote(hands, memory, command);
    case "attach":
    case "hand-over":
    case "fence":
      return changeRole(hands, memory, command);
    case "mark":
      return mark(hands, memory, command);
    case "publish":
      return publish(hands, memory, command);
    default:
      return assertNever(command);
  }
}

/** S4: no effect starts late, after the signal, or on a STATE that was verified too long ago. */
function refuse(hands: Hands, memory: Memory, verifiedAtMs: number): string | null {
  const refusal = hands.budget.refusal();
  if (refusal !== null) return refusal;
  const ageMs = Math.round(hands.clock.nowMs() - verifiedAtMs);
  const { fenceMs } = memory.config.settings;
  return ageMs < fenceMs ? null : `STATE was read ${ageMs} ms ago, fenceMs is ${fenceMs}`;
}

function withhold(hands: Hands, command: Effect, why: string): Outcome {
  hands.reporter.line("warn", `${command.kind} withheld: ${why}`, { command: command.kind });
  return { kind: "withheld", command: command.kind, why };
}

async function writeState(hands: Hands, command: WriteState): Promise<Outcome> {
  const askedAtMs = hands.clock.nowMs();
  hands.trips.store += 1;
  const swap = await hands.store.writeState(command.base, command.next, command.attempt);
  const readAtMs = hands.clock.nowMs();
  if (!swap.ok) return { kind: "store-failed", why: swap.why };
  const { isWon, state } = swap.value;
  if (isWon && state !== null) return { kind: "state-written", state, askedAtMs, readAtMs };
  return { kind: "state-lost", state, askedAtMs, readAtMs };
}

async function castVote(hands: Hands, command: CastVote): Promise<Outcome> {
  hands.trips.store = 1;
  hands.trips.redis = 0;
  const cast = await hands.store.castVote(command.vote);
  if (!cast.ok) return { kind: "store-failed", why: cast.why };
  if (cast.value.isCast) return { kind: "voted", vote: command.vote };
  return { kind: "vote-lost", standing: cast.value.standing };
}

function emit(
  hands: Hands,
  memory: Memory,
  rule: string,
  event: Extract<Command, { kind: "emit" }>["event"],
): void {
  const { state, config } = memory;
  hands.reporter.event({
    ...event,
    group: config.name,
    rule,
    epoch: state?.epoch ?? 0,
    round: state?.round.number ?? 0,
    rev: state?.rev ?? 0,
  });
}

/** Best effort: an observer that isn't woken finds the round by itself. */
async function wake(hands: Hands, memory: Memory, round: number): Promise<void> {
  const { config, observer, wokenFor } = memory;
  if (wokenFor !== null) return;
  const others = config.observers.filter((name) => name !== observer);
  const calls = others.map((name) =>
    hands.waker.wake({ observer: name, group: config.name, round }),
  );
  for (const answer of await Promise.all(calls)) {
    if (!answer.ok) hands.reporter.line("warn", `could not wake: ${answer.why}`, { round });
  }
}

/** The session that the decision saw, if it is still the same connection. */
function tokenFor(
  hands: Hands,
  command: { readonly node: NodeId; readonly session: number },
): NodeSession | string {
  const session = hands.sessions.get(command.node);
  if (session?.id !== command.session) return "its session is not the one it was observed on";
  if (!session.isOpen) return "its session was cut: somebody changed its role meanwhile";
  return session;
}

async function promote(hands: Hands, memory: Memory, command: Promote): Promise<Outcome> {
  const failed = (why: string, isCertain: boolean): Outcome => {
    dropSession(hands, command.node);
    const { node, epoch } = command;
    return { kind: "effect-failed", command: "promote", node, epoch, why, isCertain };
  };
  const session = tokenFor(hands, command);
  if (typeof session === "string") return failed(session, true);
  const startedAtMs = hands.clock.nowMs();
  hands.trips.redis += 1;
  const beside = askBeside(hands, memory, command.beside);
  const change: RoleChange = { kind: "promote", epoch: command.epoch };
  const changed = await session.changeRole(change, memory.config.settings.fenceMs);
  const atMs = hands.clock.nowMs();
  if (!changed.ok) return failed(changed.why, changed.isOutcomeKnown);
  const graceMs = Math.max(besideMinMs, 2 * (atMs - startedAtMs));
  const oldMaster = await beside.within(graceMs);
  dropSession(hands, command.node);
  const { facts, warnings } = changed.value;
  const { node, epoch } = command;
  for (const warning of warnings) hands.reporter.line("warn", `${node}: ${warning}`, { epoch });
  return {
    kind: "promoted",
    node,
    epoch,
    facts,
    atMs,
    oldMaster,
    warnings,
    trips: { ...hands.trips },
  };
}

/** The old master, read in the same round trip (protocol F6). No answer in time is no answer. */
function askBeside(hands: Hands, memory: Memory, id: NodeId | null) {
  const { config } = memory;
  const node = id === null ? undefined : findNode(config, id);
  const { probeTimeoutMs, downAfterMs } = config.settings;
  const answer: Promise<NodeFacts | null> =
    node === undefined
      ? Promise.resolve(null)
      : hands.nodes
          .probe(node, { info: true, timeoutMs: probeTimeoutMs, reconnectAfterMs: downAfterMs / 2 })
          .then((sample) => sample.facts ?? null);
  return {
    within: (graceMs: number): Promise<NodeFacts | null> =>
      Promise.race([answer, hands.clock.sleep(graceMs).then(() => null)]),
  };
}

async function changeRole(
  hands: Hands,
  memory: Memory,
  command: Attach | HandOver | Fence,
): Promise<Outcome> {
  const { node, epoch, kind } = command;
  const session = tokenFor(hands, command);
  if (typeof session === "string") {
    dropSession(hands, node);
    return { kind: "effect-failed", command: kind, node, epoch, why: session, isCertain: true };
  }
  const changed = await session.changeRole(changeOf(command), memory.config.settings.fenceMs);
  if (kind !== "hand-over") dropSession(hands, node);
  if (!changed.ok) {
    dropSession(hands, node);
    const { why, isOutcomeKnown } = changed;
    return { kind: "effect-failed", command: kind, node, epoch, why, isCertain: isOutcomeKnown };
  }
  const { facts, warnings } = changed.value;
  for (const warning of warnings) hands.reporter.line("warn", `${node}: ${warning}`, { epoch });
  return {
    kind: "effect-done",
    command: kind,
    node,
    epoch,
    facts,
    atMs: hands.clock.nowMs(),
    warnings,
  };
}

function changeOf(command: Attach | HandOver | Fence): RoleChange {
  switch (command.kind) {
    case "attach":
      return { kind: "attach", master: command.address };
    case "hand-over":
      return { kind: "hand-over", to: command.address, timeoutMs: command.timeoutMs };
    case "fence":
      return { kind: "fence" };
  }
}

async function mark(hands: Hands, memory: Memory, command: Mark): Promise<Outcome> {
  const { node, epoch } = command;
  const session = tokenFor(hands, command);
  if (typeof session === "string") {
    return { kind: "effect-failed", command: "mark", node, epoch, why: session, isCertain: true };
  }
  const set = await session.setMarker(epoch, memory.config.settings.fenceMs);
  dropSession(hands, node);
  if (!set.ok) {
    const isCertain = set.isOutcomeKnown;
    return { kind: "effect-failed", command: "mark", node, epoch, why: set.why, isCertain };
  }
  const atMs = hands.clock.nowMs();
  return { kind: "effect-done", command: "mark", node, epoch, facts: null, atMs, warnings: [] };
}

async function publish(hands: Hands, memory: Memory, command: Publish): Promise<Outcome> {
  const { dns } = memory.config;
  const { epoch } = command.owner;
  if (dns === undefined) return { kind: "published", epoch, changed: false };
  const known = memory.record?.from === "api" ? memory.record.found : null;
  const done = await hands.dns.publish({
    dns,
    owner: command.owner,
    wanted: command.records,
    known,
    isCurrent: () => hands.budget.refusal() === null,
  });
  if (done.ok) {
    emit(hands, memory, "T600", publishedEvent(dns.name, epoch, done.value.isChanged));
    return { kind: "published", epoch, changed: done.value.isChanged };
  }
  const isRefused = done.kind === "refused" || done.kind === "denied";
  return { kind: "not-published", epoch, isRefused, why: done.why };
}

function publishedEvent(name: string, epoch: number, isChanged: boolean) {
  const message = isChanged
    ? `${name} names the master of epoch ${epoch}, read back from the zone`
    : `${name} named the master of epoch ${epoch} already`;
  return {
    name: "+published" as const,
    level: "warning" as const,
    node: null,
    message,
    evidence: { epoch, isChanged },
    isStored: true,
  };
}

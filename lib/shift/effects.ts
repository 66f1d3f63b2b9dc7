import type {
  Attach,
  Cut,
  Fence,
  HandOver,
  KillScript,
  Mark,
  Outcome,
  Promote,
  Publish,
  WriteProbe,
} from "../core/commands.ts";
import { findNode, type NodeId } from "../core/config.ts";
import type { Memory } from "../core/memory.ts";
import type { NodeFacts } from "../core/model.ts";
import { recordOf } from "../core/records.ts";
import type { ScriptAnswer, WriteAnswer } from "../core/spells.ts";
import type { NodeSession, RoleChange } from "../ports/redis.ts";
import { dropSession, type Hands } from "./hands.ts";

/** What changes Redis or DNS, one function an effect. Each tells truthfully whether its outcome is known. */

/** How long a promotion waits for the old master's answer after the candidate has answered: twice the candidate's time. */
const besideMinMs = 50;

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

export async function promote(hands: Hands, memory: Memory, command: Promote): Promise<Outcome> {
  const failed = (why: string, isCertain: boolean, oldMaster: NodeFacts | null = null): Outcome => {
    dropSession(hands, command.node);
    const { node, epoch } = command;
    return { kind: "effect-failed", command: "promote", node, epoch, why, isCertain, oldMaster };
  };
  const session = tokenFor(hands, command);
  if (typeof session === "string") return failed(session, true);
  const startedAtMs = hands.clock.nowMs();
  hands.trips.redis += 1;
  const beside = askBeside(hands, memory, command.beside);
  const change: RoleChange = { kind: "promote", epoch: command.epoch };
  const changed = await session.changeRole(change, memory.config.settings.fenceMs);
  const atMs = hands.clock.nowMs();
  if (!changed.ok) {
    // What was heard beside a failed attempt must not be forgotten by the next one.
    return failed(changed.why, changed.isOutcomeKnown, await beside.within(besideMinMs));
  }
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
    askedAtMs: startedAtMs,
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
          .probe(node, {
            info: true,
            rehearse: "no",
            timeoutMs: probeTimeoutMs,
            reconnectAfterMs: downAfterMs / 2,
          })
          .then((sample) => sample.facts ?? null);
  return {
    within: (graceMs: number): Promise<NodeFacts | null> =>
      Promise.race([answer, hands.clock.sleep(graceMs).then(() => null)]),
  };
}

export async function changeRole(
  hands: Hands,
  memory: Memory,
  command: Attach | HandOver | Fence | Cut,
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

function changeOf(command: Attach | HandOver | Fence | Cut): RoleChange {
  switch (command.kind) {
    case "attach":
      return { kind: "attach", master: command.address };
    case "hand-over":
      return { kind: "hand-over", to: command.address, timeoutMs: command.timeoutMs };
    case "fence":
      return { kind: "fence" };
    case "cut":
      return { kind: "cut" };
  }
}

export async function mark(hands: Hands, memory: Memory, command: Mark): Promise<Outcome> {
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

export async function tryWrite(
  hands: Hands,
  memory: Memory,
  command: WriteProbe,
): Promise<Outcome> {
  const { node, key, ttlMs } = command;
  const answered = (answer: WriteAnswer, why: string): Outcome => {
    dropSession(hands, node);
    return { kind: "write-told", node, answer, why, atMs: hands.clock.nowMs() };
  };
  const session = tokenFor(hands, command);
  if (typeof session === "string") return answered("moot", session);
  const write = { key, value: memory.observer, ttlMs };
  const tried = await session.tryWrite(write, memory.config.settings.probeTimeoutMs);
  if (tried.ok) return answered(tried.value.answer, tried.value.text);
  // A connection that is cut tells of its end, and not of writes.
  return answered(tried.kind === "timeout" ? "unanswered" : "moot", tried.why);
}

/**
 * Over a connection of its own: what is busy can't be observed over one. Making it takes time, after which `refusal` says
 * whether the effect may still start (S4).
 */
export async function killScript(
  hands: Hands,
  memory: Memory,
  { node }: KillScript,
  refusal: () => string | null,
): Promise<Outcome> {
  const answered = (answer: ScriptAnswer, why: string): Outcome => {
    return { kind: "script-told", node, answer, why, atMs: hands.clock.nowMs() };
  };
  const { config } = memory;
  const target = findNode(config, node);
  if (target === undefined) return answered("gone", "it is no node of the configuration");
  const opened = await hands.nodes.openSession(target, config.settings.chooseTimeoutMs);
  if (!opened.ok) return answered("unanswered", opened.why);
  const late = refusal();
  if (late !== null) {
    opened.value.close();
    return answered("unanswered", late);
  }
  const killed = await opened.value.killScript(config.settings.probeTimeoutMs);
  opened.value.close();
  return killed.ok
    ? answered(killed.value.answer, killed.value.text)
    : answered("unanswered", killed.why);
}

export async function publish(hands: Hands, memory: Memory, command: Publish): Promise<Outcome> {
  const { role, owner } = command;
  const { epoch } = owner;
  const dns = recordOf(memory.config, role);
  if (dns === null) return { kind: "published", role, epoch, changed: false };
  // Only the master's name is read ahead of need.
  const known = role === "master" && memory.record?.from === "api" ? memory.record.found : null;
  const done = await hands.dns.publish({
    dns,
    owner,
    wanted: command.records,
    known,
    isCurrent: () => hands.budget.refusal() === null,
  });
  if (done.ok) {
    return { kind: "published", role, epoch, changed: done.value.isChanged };
  }
  const isRefused = done.kind === "refused" || done.kind === "denied";
  return { kind: "not-published", role, epoch, isRefused, why: done.why };
}

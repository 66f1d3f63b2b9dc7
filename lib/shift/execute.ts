import { assertNever } from "../core/assert-never.ts";
import {
  type CastVote,
  type Command,
  type Effect,
  isEffect,
  type Outcome,
  type Publish,
  type WriteState,
} from "../core/commands.ts";
import type { Decision } from "../core/decide.ts";
import type { Memory } from "../core/memory.ts";
import { recordOf } from "../core/records.ts";
import { tellOutcome } from "./effect-log.ts";
import { changeRole, killScript, mark, promote, publish, tryWrite } from "./effects.ts";
import { type Hands, tellFailure } from "./hands.ts";
import { report } from "./report.ts";

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
  const startedAtMs = hands.clock.nowMs();
  const outcome = await carryOut(hands, memory, task);
  if (outcome === null) return null;
  const { command, decision } = task;
  const tookMs = hands.clock.nowMs() - startedAtMs;
  tellOutcome(hands, memory, { rule: decision.rule, command, tookMs }, outcome);
  return outcome;
}

async function carryOut(hands: Hands, memory: Memory, task: Task): Promise<Outcome | null> {
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
      report(hands, memory, task.decision.rule, command.event);
      return null;
    case "wake":
      await wake(hands, memory, command.round);
      return null;
    case "promote":
      return promote(hands, memory, command);
    case "attach":
    case "hand-over":
    case "fence":
    case "cut":
      return changeRole(hands, memory, command);
    case "mark":
      return mark(hands, memory, command);
    case "kill-script":
      return killScript(hands, memory, command, () => refuse(hands, memory, task.verifiedAtMs));
    case "write-probe":
      return tryWrite(hands, memory, command);
    case "publish":
      return publishAndTell(hands, memory, task, command);
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
  tellFailure(hands, "the vote was not cast", cast);
  if (!cast.ok) return { kind: "store-failed", why: cast.why };
  if (cast.value.isCast) return { kind: "voted", vote: command.vote };
  return { kind: "vote-lost", standing: cast.value.standing };
}

/** Best effort: an observer that isn't woken finds the round by itself. */
async function wake(hands: Hands, memory: Memory, round: number): Promise<void> {
  const { config, observer } = memory;
  const { waker } = hands;
  if (waker === null) return;
  const others = config.observers.filter((name) => name !== observer);
  const calls = others.map((name) => waker.wake({ observer: name, group: config.name, round }));
  for (const answer of await Promise.all(calls)) {
    if (!answer.ok) hands.reporter.line("warn", `could not wake: ${answer.why}`, { round });
  }
}

async function publishAndTell(
  hands: Hands,
  memory: Memory,
  task: Task,
  command: Publish,
): Promise<Outcome> {
  const outcome = await publish(hands, memory, command);
  if (outcome.kind !== "published") return outcome;
  report(hands, memory, task.decision.rule, publishedEvent(memory, outcome));
  return outcome;
}

function publishedEvent(memory: Memory, outcome: Extract<Outcome, { kind: "published" }>) {
  const { role, epoch, changed: isChanged } = outcome;
  const name = recordOf(memory.config, role)?.name ?? "";
  const what = role === "master" ? "names the master" : "lists the replicas";
  const how = isChanged ? "read back from the zone" : "as it did already";
  const message = `${name} ${what} of epoch ${epoch}, ${how}`;
  return {
    name: "+published" as const,
    level: "warning" as const,
    node: null,
    message,
    evidence: { epoch, isChanged, role },
    isStored: true,
  };
}

import type { NodeMemory } from "./detector.ts";
import type { NodeFacts, Sample } from "./model.ts";

/** How long a node that answers has been of no use: folded from its samples, and handed on from shift to shift. */
export interface Spells {
  readonly unwritableForMs: number;
  readonly busyForMs: number;
}

/** What became of a script that was told to stop; "gone": none runs any more. */
export type ScriptAnswer = "killed" | "gone" | "unkillable" | "denied" | "unanswered";

export interface ScriptKill {
  readonly answer: ScriptAnswer;
  readonly why: string;
  readonly atMs: number;
}

/** For the shift that comes after this one; null: it is of use. */
export function spellsOf(node: NodeMemory, nowMs: number): Spells | null {
  const { unwritableSinceMs, busySinceMs } = node;
  if (unwritableSinceMs === null && busySinceMs === null) return null;
  const forMs = (sinceMs: number | null) => (sinceMs === null ? 0 : Math.round(nowMs - sinceMs));
  return { unwritableForMs: forMs(unwritableSinceMs), busyForMs: forMs(busySinceMs) };
}

/** Whatever else it answers shows that no script keeps it busy. */
export function busySince(memory: NodeMemory, { reply, receivedAtMs }: Sample): number | null {
  if (reply.kind !== "error" || reply.code !== "BUSY") return null;
  return memory.busySinceMs ?? receivedAtMs - (memory.spellsBefore?.busyForMs ?? 0);
}

/** A script that was stopped is the end of its spell: whatever keeps the node busy from here on is another one. */
export function withScriptKill(memory: NodeMemory, scriptKill: ScriptKill): NodeMemory {
  const isOver = scriptKill.answer === "killed" || scriptKill.answer === "gone";
  return isOver ? { ...memory, busySinceMs: null, scriptKill: null } : { ...memory, scriptKill };
}

/** Only a PONG, beside an INFO that says nothing against it, shows that writes are taken again. */
export function unwritableSince(memory: NodeMemory, sample: Sample, role: NodeMemory["role"]) {
  const { reply, over, receivedAtMs } = sample;
  const facts = sample.facts ?? memory.facts;
  if (role !== "master") return null;
  const isRefusing = reply.kind === "error" && reply.code === "MISCONF";
  if (isRefusing || isMemoryFull(facts)) {
    return memory.unwritableSinceMs ?? receivedAtMs - (memory.spellsBefore?.unwritableForMs ?? 0);
  }
  return over === "session" ? memory.unwritableSinceMs : null;
}

/** Over a session nobody sends PING: a master that answers it with MISCONF has not been heard to do otherwise. */
export function isStillRefusing({ lastReply }: NodeMemory, { over, facts }: Sample): boolean {
  const isRefusing = lastReply?.kind === "error" && lastReply.code === "MISCONF";
  return over === "session" && isRefusing && facts?.role === "master";
}

export function isMemoryFull(facts: NodeFacts | null): boolean {
  return facts?.oddities.includes("memory-full") === true;
}

import type { NodeMemory } from "./detector.ts";
import type { NodeFacts, Sample } from "./model.ts";

/** How long a node that answers has been of no use: folded from its samples, and handed on from shift to shift. */
export interface Spells {
  readonly unwritableForMs: number;
}

/** For the shift that comes after this one; null: it is of use. */
export function spellsOf({ unwritableSinceMs }: NodeMemory, nowMs: number): Spells | null {
  if (unwritableSinceMs === null) return null;
  return { unwritableForMs: Math.round(nowMs - unwritableSinceMs) };
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

import type { Settings } from "./config.ts";
import type { NodeMemory } from "./detector.ts";
import type { NodeFacts, Sample } from "./model.ts";

/** How long a node that answers has been of no use: folded from its samples, and handed on from shift to shift. */
export interface Spells {
  readonly unwritableForMs: number;
  readonly busyForMs: number;
}

export const noSpells = {
  unwritableSinceMs: null,
  busySinceMs: null,
  scriptKill: null,
  writeProbe: null,
  spellsBefore: null,
};

/** What became of a script that was told to stop; "gone": none runs any more. */
export type ScriptAnswer = "killed" | "gone" | "unkillable" | "denied" | "unanswered";

export interface ScriptKill {
  readonly answer: ScriptAnswer;
  readonly why: string;
  readonly atMs: number;
}

/** What a write was answered; "moot": something that says nothing of writes, and that a probe meets as well. */
export type WriteAnswer = "taken" | "refused" | "denied" | "unanswered" | "moot";

export interface WriteTold {
  readonly answer: WriteAnswer;
  readonly why: string;
  readonly atMs: number;
}

/** The last write that was tried on a master. */
export interface WriteProbe extends WriteTold {
  /** How many in a row were not answered. */
  readonly unanswered: number;
}

export function withWriteProbe(memory: NodeMemory, told: WriteTold): NodeMemory {
  const { writeProbe: before } = memory;
  if (told.answer === "moot" && before !== null) {
    return { ...memory, writeProbe: { ...before, atMs: told.atMs } };
  }
  const unanswered = told.answer === "unanswered" ? (before?.unanswered ?? 0) + 1 : 0;
  return { ...memory, writeProbe: { ...told, unanswered } };
}

export function writePeriodMs({ probeIntervalMs }: Settings): number {
  return 10 * probeIntervalMs;
}

/**
 * The words with which the master refuses writes; null: it takes them, as far as anybody tried. One write without an
 * answer may be a slow one. What was tried long ago, before a pause say, is no news.
 */
export function writeRefusal(
  { writeProbe: last, role }: NodeMemory,
  settings: Settings,
  nowMs: number,
): string | null {
  if (settings.writeProbeKey === "" || last === null || role !== "master") return null;
  if (nowMs - last.atMs >= 3 * writePeriodMs(settings)) return null;
  if (last.answer === "refused") return last.why;
  return last.unanswered >= 2 ? `${last.unanswered} writes were not answered: ${last.why}` : null;
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

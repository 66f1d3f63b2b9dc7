import type { Note } from "../simulator/notes.ts";
import type { SimWorld } from "../simulator/world.ts";
import { hostOf } from "./telling.ts";

/** Something that a transcript waits for or expects. */
export interface Condition {
  /** Whether it holds now. Null: it is a moment, which passes and never holds. */
  readonly holds: ((world: SimWorld) => boolean) | null;
  /** Whether this note is the moment. */
  readonly isNote: (who: string, note: Note) => boolean;
  /** Whether this delivery or sending is the moment. */
  readonly isTurn: (who: string, does: "hears" | "sends", what: string) => boolean;
}

const never = { isNote: () => false, isTurn: () => false };

function state(holds: (world: SimWorld) => boolean): Condition {
  return { ...never, holds };
}

function moment(change: Partial<Condition>): Condition {
  return { ...never, holds: null, ...change };
}

export const conditionForms = `PHASE | epoch N | master HOST | candidate HOST | leader NAME | round open|closed |
record HOST | role HOST master|replica | follows HOST HOST | lost N | paused | requested |
NAME decides RULE | NAME sends WHAT | NAME hears WHAT | event NAME | HOST does CHANGE (NAME may be "anyone")`;

/** Reads a condition. Throws with the forms there are when it is none. */
export function parseCondition(text: string): Condition {
  const words = text.trim().split(/\s+/);
  const found = ofState(words) ?? ofMoment(words);
  if (found !== null) return found;
  throw new Error(`expected a condition (${conditionForms}), got "${text}"`);
}

function ofState(words: readonly string[]): Condition | null {
  const [kind = "", first = "", second = ""] = words;
  const group = (holds: (one: NonNullable<ReturnType<SimWorld["state"]>>) => boolean) =>
    state((world) => {
      const now = world.state();
      return now !== null && holds(now);
    });
  switch (kind) {
    case "steady":
    case "promoting":
    case "settling":
      return group((now) => now.phase === kind && now.master !== null);
    case "epoch":
      return group((now) => now.epoch === Number(first));
    case "master":
      return group((now) => now.master !== null && hostOf(now.master.node) === first);
    case "candidate":
      return group((now) => now.candidate !== null && hostOf(now.candidate.node) === first);
    case "leader":
      return group((now) => (now.leader ?? "none").split("/")[0] === first);
    case "round":
      return group((now) => now.round.status === first);
    case "paused":
      return group((now) => now.pause !== null);
    case "requested":
      return group((now) => now.request !== null);
    case "record":
      return state((world) => world.recordNow() === first);
    case "role":
      return state((world) => nodeOf(world, first)?.role === second);
    case "follows":
      return state((world) => {
        const node = nodeOf(world, first);
        return node?.link.isUp === true && hostOf(node.masterId ?? "") === second;
      });
    case "lost":
      return state((world) => {
        world.judges.losses.end(world.state());
        return world.judges.losses.total === Number(first);
      });
    default:
      return null;
  }
}

function nodeOf(world: SimWorld, host: string) {
  return [...world.nodes.values()].find((node) => node.host === host);
}

function ofMoment(words: readonly string[]): Condition | null {
  const [who = "", verb = "", ...rest] = words;
  const what = rest.join(" ");
  const is = (name: string) => who === "anyone" || name.split("/")[0] === who;
  if (who === "event") {
    return moment({ isNote: (_who, note) => note.kind === "event" && note.event.name === verb });
  }
  switch (verb) {
    case "decides":
      return moment({
        isNote: (name, note) => note.kind === "decision" && is(name) && note.rule === what,
      });
    case "sends":
    case "hears":
      return moment({
        isTurn: (name, does, heard) => does === verb && is(name) && heard === what,
      });
    case "does":
      return moment({
        isNote: (_name, note) =>
          note.kind === "role" && hostOf(note.node) === who && note.command.kind === what,
      });
    default:
      return null;
  }
}

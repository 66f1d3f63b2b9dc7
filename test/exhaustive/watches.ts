import type { Asked, Call, CallOf, Heard } from "./calls.ts";
import { settled } from "./canonical.ts";
import { Interner } from "./intern.ts";
import { replay, type Turn } from "./replay.ts";
import type { Wait } from "./waits.ts";

/** What one answer of the outside, or several at the same moment, made of a watch. */
export interface Step {
  readonly to: number;
  /** Which rules decided on the way. */
  readonly rules: readonly string[];
  /** Why an effect that is asked for now should not have started; null: it may. */
  readonly late: string | null;
  /** Commands that were sent and that nobody waits for. */
  readonly left: readonly CallOf<"command">[];
}

/** Calls that the exploration answers at one moment. */
export interface Question {
  readonly kind: "nodes" | Exclude<Call["kind"], "probe" | "observe" | "read-zone" | "resolve">;
  readonly asked: readonly Asked[];
  /** Equal questions have equal numbers. */
  readonly id: number;
}

/** A watch that waits for answers: its turn, and what it heard since the turn began. */
export interface Watch {
  readonly turn: Turn;
  readonly heard: readonly Heard[];
  readonly questions: readonly Question[];
  readonly rule: string | null;
}

/** Whether it has begun its turn and has answers to lose, or a first turn of its own to begin. */
export function isWaiting(watch: Watch): boolean {
  return watch.heard.length > 0 || watch.turn.memory.state !== undefined;
}

/** No decision leads to this many turns that ask nothing of the outside. */
const idleTurnsMax = 20;

/**
 * Every watch that the exploration has met, each under a number, and where each answer leads: the real code runs once
 * for each pair of the two, however many states of the world show it.
 */
export class Watches {
  readonly #watches: Watch[] = [];
  readonly #roots = new Map<number, Step>();
  readonly #steps = new Map<number, Map<number, Step>>();
  readonly #turns = new Interner<Turn>();
  readonly #questions = new Interner<readonly Asked[]>();
  replays = 0;

  get size(): number {
    return this.#watches.length;
  }

  watchOf(id: number): Watch {
    const watch = this.#watches[id];
    if (watch === undefined) throw new Error(`no watch has the number ${id}`);
    return watch;
  }

  /** Where an answer leads; undefined when nobody has asked before. */
  known(from: number, answer: number): Step | undefined {
    return this.#steps.get(from)?.get(answer);
  }

  /** Begins a turn. Turns that ask nothing end at once, and the next one begins. */
  async begin(turn: Turn): Promise<Step> {
    const id = this.#turns.idOf(turn);
    const known = this.#roots.get(id);
    if (known !== undefined) return known;
    const step = await this.#run(turn, [], 0);
    this.#roots.set(id, step);
    return step;
  }

  /** Lets a watch hear; `answer` is the number under which the caller knows what it hears. */
  async hear(from: number, answer: number, heard: readonly Heard[]): Promise<Step> {
    const known = this.known(from, answer);
    if (known !== undefined) return known;
    const { turn, heard: before } = this.watchOf(from);
    const step = await this.#run(turn, [...before, ...heard], 0);
    const steps = this.#steps.get(from) ?? new Map<number, Step>();
    steps.set(answer, step);
    this.#steps.set(from, steps);
    return step;
  }

  /** The same watch at the beginning of its turn, after another wait. */
  waiting(id: number, wait: Wait): Promise<Step> {
    return this.begin({ ...this.watchOf(id).turn, wait });
  }

  async #run(turn: Turn, heard: readonly Heard[], idle: number): Promise<Step> {
    if (idle > idleTurnsMax) throw new Error("the watch turns without asking anything");
    this.replays += 1;
    const { asked, rule, late, end } = await replay(turn, heard);
    if (end === null) {
      const to = this.#add({ turn, heard, questions: this.#group(asked), rule });
      return { to, rules: rule === null ? [] : [rule], late, left: [] };
    }
    const left = asked.flatMap(({ call }) => (call.kind === "command" ? [call] : []));
    const strays = heard.filter((one) => one.kind === "answer" && one.isStray).length;
    const next = settled(end, turn.strays + strays);
    const step = this.#roots.get(this.#turns.idOf(next)) ?? (await this.#run(next, [], idle + 1));
    this.#roots.set(this.#turns.idOf(next), step);
    const rules = [...(rule === null ? [] : [rule]), ...step.rules];
    return { to: step.to, rules, late: late ?? step.late, left: [...left, ...step.left] };
  }

  #add(watch: Watch): number {
    this.#watches.push(watch);
    return this.#watches.length - 1;
  }

  #group(asked: readonly Asked[]): readonly Question[] {
    const isRead = ({ call }: Asked) =>
      ["probe", "observe", "read-zone", "resolve"].includes(call.kind);
    const reads = asked.filter(isRead);
    const others = asked.filter((one) => !isRead(one));
    const questions = others.flatMap((one): readonly Question[] => {
      const { kind } = one.call;
      if (kind === "probe" || kind === "observe" || kind === "read-zone" || kind === "resolve") {
        return [];
      }
      return [{ kind, asked: [one], id: this.#questions.idOf([one]) }];
    });
    if (reads.length === 0) return questions;
    return [{ kind: "nodes", asked: reads, id: this.#questions.idOf(reads) }, ...questions];
  }
}

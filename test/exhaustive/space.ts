import { newMemory } from "../../lib/core/memory.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { CallOf, Heard } from "./calls.ts";
import { Interner } from "./intern.ts";
import type { Broken } from "./invariants.ts";
import type { Turn } from "./replay.ts";
import type { Process, Scope } from "./scope.ts";
import { type Step, Watches } from "./watches.ts";
import { Codec, type Packed, type Stray, type World } from "./world.ts";

/** One transition: where it leads, and what it is called. */
export interface Move {
  readonly to: Packed;
  readonly text: () => string;
  readonly broken: Broken | null;
  /** Which rules decided, and what else is worth counting. */
  readonly seen: readonly string[];
}

export type Visit = (move: Move) => void;

/** A world in the middle of a move that one process makes. */
export interface Change {
  readonly world: World;
  readonly broken: Broken | null;
  readonly seen: readonly string[];
}

/** What a scope's states are made of, and how its watches go on. */
export class Space {
  readonly scope: Scope;
  readonly codec: Codec;
  readonly watches = new Watches();
  readonly answers = new Interner<readonly Heard[]>();
  /** Answers that were given before, by the numbers of what they were made from. */
  readonly given = new Map<string, { readonly id: number; readonly heard: readonly Heard[] }>();
  /** Moves that a bound forbade. */
  bounded = 0;

  constructor(scope: Scope) {
    this.scope = scope;
    this.codec = new Codec(scope.config);
  }

  /** The first turn of an invocation: it knows nothing, and asks for everything (lib/shift/group.ts). */
  firstTurn({ observer, name }: Process, shift: number): Turn {
    const { config } = this.scope;
    const memory = newMemory({
      observer,
      shift: `${name}/${shift}`,
      deployment: "prod",
      nowMs: 1,
      config,
      wokenFor: null,
      masterKnown: null,
    });
    const look = {
      afterMs: 0,
      probe: config.nodes.map((node) => node.id),
      info: true,
      rehearse: "no" as const,
      prepare: [],
      newcomers: [],
      bystander: null,
      order: "together" as const,
      state: true,
      votes: false,
      record: "none" as const,
    };
    return { memory, look, outcomes: [], sessions: [], wait: "soon", strays: 0 };
  }

  /** Answers that depend on numbered parts alone are made once. */
  give(
    key: string,
    make: () => readonly Heard[],
  ): { readonly id: number; readonly heard: readonly Heard[] } {
    const known = this.given.get(key);
    if (known !== undefined) return known;
    const heard = make();
    const given = { id: this.answers.idOf(heard), heard };
    this.given.set(key, given);
    return given;
  }

  async hear(watch: number, id: number, heard: readonly Heard[]): Promise<Step> {
    return this.watches.known(watch, id) ?? (await this.watches.hear(watch, id, heard));
  }

  /** The world after a process has heard something; its turn's name for its writes ends with the turn. */
  follow(change: Change, process: number, step: Step): Change {
    const { world } = change;
    const watches = world.watches.map((watch, index) => (index === process ? step.to : watch));
    const { turn, heard } = this.watches.watchOf(step.to);
    const isOver = heard.length === 0;
    const state = isOver ? forget(world.state, turn.memory.shift) : world.state;
    const late = step.late === null ? null : { invariant: "S4", what: step.late };
    const seen = step.rules.length === 0 ? change.seen : [...change.seen, ...step.rules];
    const { name = "" } = this.scope.processes[process] ?? {};
    const sent = step.left.map(
      (call): Stray => ({ to: "node", sent: { ...plainCommand(call), by: name } }),
    );
    const strays = sent.length === 0 ? world.strays : [...world.strays, ...sent];
    return { world: { ...world, state, strays, watches }, broken: change.broken ?? late, seen };
  }
}

function plainCommand({ node, token, command }: CallOf<"command">) {
  return { node, token, command };
}

/** Attempt ids serve to recognise an own write in the turn that wrote it. */
function forget(state: GroupState, shift: string): GroupState {
  if (!state.attempts.some((attempt) => attempt.startsWith(`${shift}#`))) return state;
  return {
    ...state,
    attempts: state.attempts.filter((attempt) => !attempt.startsWith(`${shift}#`)),
  };
}

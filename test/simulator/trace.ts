import type { GroupState } from "../../lib/core/model.ts";
import { formatNote, type Note } from "./notes.ts";
import type { SimWorld } from "./world.ts";

const linesKept = 60;

/** The last events of a world, one line each: time, who, epoch, phase, roles, record, event. */
export class Trace {
  readonly #kept: Line[] = [];
  readonly #world: SimWorld;
  readonly #tell: ((line: string) => void) | undefined;
  /** The rule by which each process decided last: only another one is news. */
  readonly #last = new Map<string, string>();

  constructor(world: SimWorld, tell: ((line: string) => void) | undefined) {
    this.#world = world;
    this.#tell = tell;
  }

  add(who: string, note: Note): void {
    if (note.kind === "decision") {
      if (this.#last.get(who) === note.rule) return;
      this.#last.set(who, note.rule);
    }
    const world = this.#world;
    const line: Line = {
      ...{ atMs: world.engine.nowMs, who, note, state: world.state() },
      ...{ roles: rolesOf(world), record: world.recordNow() },
    };
    this.#kept.push(line);
    if (this.#kept.length > linesKept) this.#kept.shift();
    this.#tell?.(formatLine(line));
  }

  /** Texts are made when somebody reads them: nobody reads those of a seed that passes. */
  get lines(): readonly string[] {
    return this.#kept.map(formatLine);
  }
}

interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly note: Note;
  readonly state: GroupState | null;
  readonly roles: string;
  readonly record: string;
}

function formatLine({ atMs, who, note, state, roles, record }: Line): string {
  return [
    (atMs / 1_000).toFixed(3).padStart(10),
    who.padEnd(8),
    `e${state?.epoch ?? 0}`,
    (state?.phase ?? "none").padEnd(9),
    roles.padEnd(5),
    record.padEnd(8),
    formatNote(note),
  ].join(" ");
}

/** One letter a node: master, replica, down; an h before one that is stopped. */
export function rolesOf(world: SimWorld): string {
  return [...world.nodes.values()]
    .map((node) => {
      if (!node.isUp) return "-";
      return (node.isHung ? "h" : "") + (node.role === "master" ? "M" : "r");
    })
    .join("");
}

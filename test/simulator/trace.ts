import { formatNote, type Note } from "./notes.ts";
import type { SimWorld } from "./world.ts";

const linesKept = 60;

/** The last events of a world, one line each: time, who, epoch, phase, roles, record, event. */
export class Trace {
  readonly lines: string[] = [];
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
    const { engine } = this.#world;
    const state = this.#world.state();
    const line = [
      (engine.nowMs / 1_000).toFixed(3).padStart(10),
      who.padEnd(8),
      `e${state?.epoch ?? 0}`,
      (state?.phase ?? "none").padEnd(9),
      rolesOf(this.#world).padEnd(5),
      this.#world.recordNow().padEnd(8),
      formatNote(note),
    ].join(" ");
    this.lines.push(line);
    if (this.lines.length > linesKept) this.lines.shift();
    this.#tell?.(line);
  }
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

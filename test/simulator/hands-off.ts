import { parseCompanion } from "../../lib/core/records.ts";
import type { Process } from "./engine.ts";
import { reaches } from "./network.ts";
import { greetingBy, isBusy } from "./sim-ailments.ts";
import { quietMinMs } from "./troubles.ts";
import { Violation } from "./violation.ts";
import type { SimWorld } from "./world.ts";

/** A process that wakes reads STATE again within this time, before it begins anything. */
const wakingMs = 2_000;
/** Every shift looks at the record once. */
const shiftMs = 120_000;

/** Nobody acts on a STATE that was put back from a backup while a node's marker says how far the group had come (D10). */
export class HandsOff {
  readonly #world: SimWorld;
  #restoredAtMs = Number.NEGATIVE_INFINITY;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  onReplaced(): void {
    this.#restoredAtMs = this.#world.engine.nowMs;
  }

  /** Throws where an effect leaves a process that has long had every reason to keep still. */
  onEffect(process: Process, observer: string, what: string): void {
    const { engine, operators } = this.#world;
    if (!operators.isRestored || engine.nowMs - this.#restoredAtMs < quietMinMs) return;
    // What a process had begun before it was frozen, a publication's second step say, leaves it as it wakes.
    if (process.now() - process.lastThawMs < wakingMs) return;
    const [carrier] = this.#carriers(observer, engine.nowMs);
    if (carrier === undefined) return;
    throw new Violation(
      "D10",
      `${process.name} starts ${what} on a restored table, and ${carrier} carries a later marker`,
    );
  }

  /** Null: there was no restored table, or nothing that could tell. Else whether everybody holds, and people are called. */
  judge(broken: string | null): "held" | Violation | null {
    const { isRestored, wasRestored } = this.#world.operators;
    if (isRestored && this.#above().length > 0) return this.#whoActs(broken) ?? "held";
    // Mending the table takes no record back that the restored one had published.
    if (!wasRestored || !this.#isRecordAbove()) return null;
    const isSaid = this.#world.config.observers.some(
      (one) =>
        one !== broken && ["R770", "T630"].some((rule) => this.#hasDecided(one, rule, shiftMs)),
    );
    if (isSaid) return "held";
    return new Violation("D10", "the record carries a later epoch than STATE, and nobody says so");
  }

  /** An observer that stays broken decides nothing of the kind, and acts on nothing. */
  #whoActs(broken: string | null): Violation | null {
    const acting = this.#world.config.observers.find((one) => one !== broken && !this.#holds(one));
    if (acting === undefined) return null;
    return new Violation("D10", `${acting} does not hold because of a restored table`);
  }

  /** Who is left out of the configuration holds for that reason, and who has not looked since has nothing to hold for. */
  #holds(observer: string): boolean {
    if (["F130", "F150"].some((rule) => this.#hasDecided(observer, rule, quietMinMs))) return true;
    return this.#carriers(observer, this.#lookedAtMs(observer)).length === 0;
  }

  /** Whether that is among the last that the observer has decided. */
  #hasDecided(observer: string, rule: string, withinMs: number): boolean {
    const { decisions } = this.#world.invocations;
    const atMs = decisions.atMs.get(`${observer} ${rule}`) ?? Number.NEGATIVE_INFINITY;
    return this.#lookedAtMs(observer) - atMs < withinMs;
  }

  /**
   * When the observer looked last. A shift in a loop looks at any time, and must be heard. Passes end where nothing is
   * suspect, as it seems while the master of the past answers as one: until the next one starts, which may be late,
   * nothing is decided, and what the last one found stands.
   */
  #lookedAtMs(observer: string): number {
    const { engine, invocations } = this.#world;
    if (invocations.gapMs === 0) return engine.nowMs;
    return invocations.decisions.lastAtMs.get(observer) ?? engine.nowMs;
  }

  /**
   * Where every marker went with its data, the companion of the record still knows. It is asked for only where the name
   * answers something else than STATE says: as long as both agree, nothing is published (docs/limits.md).
   */
  #isRecordAbove(): boolean {
    const state = this.#world.state();
    const { records } = this.#world.dns;
    const texts = records.filter((one) => one.type === "TXT");
    const epochs = texts.map((one) => parseCompanion(one.values[0] ?? "")?.epoch ?? 0);
    const address = records.find((one) => one.type === "A")?.values[0];
    const isAsState = address === state?.master?.node.split(":")[0];
    return !isAsState && Math.max(0, ...epochs) > (state?.masterEpoch ?? 0);
  }

  /** Nodes with a marker above STATE that this observer had reached by then for long enough to have seen it. */
  #carriers(observer: string, byMs: number): readonly string[] {
    const { troubles, nodes } = this.#world;
    return this.#above().filter((id) => {
      const sinceMs = Math.max(troubles.changedAtMs(id), nodes.get(id)?.loading.endedAtMs ?? 0);
      return byMs - sinceMs > quietMinMs && reaches(this.#world, observer, id);
    });
  }

  #above(): readonly string[] {
    const epoch = this.#world.state()?.epoch ?? 0;
    if (!this.#world.hasMarker) return [];
    return (
      [...this.#world.members.values()]
        // Who loads says nothing of what it loads, and a shift that has just begun is told nothing by who is busy, or who
        // turns new connections away.
        .filter((node) => node.isServing && !node.isLoading && !isBusy(node.ailments))
        .filter((node) => greetingBy(node) === null && (node.marker() ?? 0) > epoch)
        .map((node) => node.id)
    );
  }
}

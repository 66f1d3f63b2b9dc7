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
    const [carrier] = this.#carriers(observer);
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
      (one) => this.#hasDecided(one, "R770", shiftMs) || this.#hasDecided(one, "T630", shiftMs),
    );
    if (isSaid) return "held";
    return new Violation("D10", "the record carries a later epoch than STATE, and nobody says so");
  }

  /** An observer that stays broken decides nothing of the kind, and acts on nothing. */
  #whoActs(broken: string | null): Violation | null {
    // Who is left out of the configuration holds for that reason.
    const acting = this.#world.config.observers.find(
      (one) =>
        one !== broken && !["F130", "F150"].some((rule) => this.#hasDecided(one, rule, quietMinMs)),
    );
    if (acting === undefined) return null;
    return new Violation("D10", `${acting} does not hold because of a restored table`);
  }

  #hasDecided(observer: string, rule: string, withinMs: number): boolean {
    const { engine, invocations } = this.#world;
    const atMs = invocations.decisions.atMs.get(`${observer} ${rule}`) ?? Number.NEGATIVE_INFINITY;
    return engine.nowMs - atMs < withinMs;
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

  /** Nodes with a marker above STATE that this observer has reached for long enough to have seen it. */
  #carriers(observer: string): readonly string[] {
    const { engine, troubles, nodes } = this.#world;
    return this.#above().filter((id) => {
      const sinceMs = Math.max(troubles.changedAtMs(id), nodes.get(id)?.loading.endedAtMs ?? 0);
      return engine.nowMs - sinceMs > quietMinMs && reaches(this.#world, observer, id);
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

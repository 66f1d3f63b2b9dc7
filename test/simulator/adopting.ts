import { isKnownHistory } from "../../lib/core/identity.ts";
import type { GroupState, NodeFacts } from "../../lib/core/model.ts";
import type { Process } from "./engine.ts";
import type { Sight } from "./sight.ts";
import { noticedMs } from "./troubles.ts";
import { Violation } from "./violation.ts";

/** What a node said to a process, and when that was asked. */
interface Answer {
  readonly facts: NodeFacts;
  readonly askedAtMs: number;
}

/**
 * N2, N3: whoever records the new ids of a master that came back with older data has asked, since it is back, nobody who has
 * more of the recorded history: that node is to take its place, and once the ids are recorded it loses what it has.
 */
export class Adopting {
  readonly #sight: Sight;
  readonly #answers = new WeakMap<Process, Map<string, Answer>>();

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  /** `sentAtMs`: by the process's own clock. */
  onAnswered(process: Process, node: string, facts: NodeFacts, sentAtMs: number): void {
    const answers = this.#answers.get(process) ?? new Map<string, Answer>();
    const agoMs = (process.now() - sentAtMs) / process.clockRate;
    answers.set(node, { facts, askedAtMs: this.#sight.now() - agoMs });
    this.#answers.set(process, answers);
  }

  /** Whoever does not answer is no copy that a process knows of (docs/limits.md), though it may answer the next time. */
  onUnanswered(process: Process, node: string): void {
    this.#answers.get(process)?.delete(node);
  }

  /** A write of STATE leaves its process, which knew `before`. */
  onSent(process: Process, before: GroupState | undefined, next: GroupState): void {
    const [record, adopted] = [before?.master ?? null, next.master];
    if (before === undefined || record === null || adopted === null) return;
    if (before.masterEpoch !== next.masterEpoch || record.node !== adopted.node) return;
    // From a history that STATE never knew, nobody can tell how far that went: it was saved in between (docs/limits.md).
    if (adopted.replid2 === null || !isKnownHistory(before, adopted.replid2)) return;
    const master = this.#sight.nodes.get(adopted.node);
    if (master?.runId !== adopted.runId || adopted.runId === record.runId) return;
    if (!master.stream.isOlder || this.#sight.isNetworkPoor()) return;
    const better = [...(this.#answers.get(process) ?? [])].find(
      ([id, { facts, askedAtMs }]) =>
        id !== master.id &&
        askedAtMs > master.startedAtMs &&
        facts.replid === record.replid &&
        master.stream.hasGivenUp(facts) &&
        !before.kept.includes(id) &&
        this.#isUntouched(process, id) &&
        this.#sight.nodes.get(id)?.stream.hasMoreThan(master.stream),
    );
    if (better === undefined) return;
    const [id, { facts }] = better;
    throw new Violation(
      "N3",
      `${process.name} records ${master.id}, which came back without what follows ${adopted.secondOffset - 1}, and ${id} has told it of ${facts.offset}`,
    );
  }

  /** Whether nothing need have taken back what it said. */
  #isUntouched(process: Process, id: string): boolean {
    const { nodes, troubles, now, isReachable } = this.#sight;
    const node = nodes.get(id);
    if (node === undefined || !node.isServing || node.isLoading || node.ailments.size > 0)
      return false;
    const isAwake = process.now() - process.lastThawMs > noticedMs;
    return isAwake && isReachable(id) && now() - troubles.changedAtMs(id) > noticedMs;
  }
}

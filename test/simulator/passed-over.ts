import type { GroupState, NodeFacts } from "../../lib/core/model.ts";
import type { Process } from "./engine.ts";
import { sharesHistory } from "./history.ts";
import type { Sight } from "./sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { quietMinMs } from "./troubles.ts";

/** What a node said to a process over a session, and when by the process's clock. */
interface Answer {
  readonly facts: NodeFacts;
  readonly atMs: number;
}

/**
 * S7: nobody of the same history who could be asked had more to give. A claim is held against what the nodes had answered
 * to its own process as it first left it: what a stream has brought since, the choice could not know. Whom the process did
 * not ask when it asked the chosen one is held against the claim as it stands then.
 */
export class PassedOver {
  readonly #sight: Sight;
  readonly #answers = new WeakMap<Process, Map<string, Answer>>();
  /** What is wrong with the claims that have left, by attempt. */
  readonly #wrong = new Map<string, string | null>();

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  onAnswered(process: Process, node: string, facts: NodeFacts): void {
    const answers = this.#answers.get(process) ?? new Map<string, Answer>();
    answers.set(node, { facts, atMs: process.now() });
    this.#answers.set(process, answers);
  }

  /** A write of STATE leaves its process. */
  onSent(process: Process, next: GroupState): void {
    const [attempt] = next.attempts;
    const isFailover = next.phase === "promoting" && next.kind === "failover";
    if (!isFailover || attempt === undefined || this.#wrong.has(attempt)) return;
    this.#wrong.set(attempt, this.#wrongWith(process, next));
  }

  /** What was wrong with a claim as it left; null: nothing. */
  of({ attempts: [attempt] }: GroupState): string | null {
    return this.#wrong.get(attempt ?? "") ?? null;
  }

  #wrongWith(process: Process, next: GroupState): string | null {
    const { lastEpoch, masterEpoch, master, candidate } = next;
    const { nodes, rank } = this.#sight;
    const chosen = nodes.get(candidate?.node ?? "");
    // Whoever could not be promoted just before comes last, whatever it holds.
    const hasFailed = lastEpoch !== null && lastEpoch.epoch > masterEpoch;
    if (hasFailed || master === null || candidate === null || chosen === undefined) return null;
    if (this.#sight.isNetworkPoor()) return null;
    if (rank(chosen) === 0) return `${chosen.id} is chosen, its priority is 0`;
    // A master that was asked before its replicas holds what they have.
    const reach = Math.max(candidate.offset, chosen.offset);
    for (const node of nodes.values()) {
      if (node === chosen || node.id === master.node || node.replid !== chosen.replid) continue;
      if (rank(node) === 0 || rank(node) > rank(chosen)) continue;
      const shown = this.#shownBy(process, node, chosen);
      // An older master that wrote on beyond the fork is ahead in a history of its own.
      if (shown === null || !sharesHistory(master, node) || !this.#isUntouched(node)) continue;
      const ahead = shown - reach;
      if (ahead > 0) return `${chosen.id} is chosen, ${node.id} is ${ahead} bytes ahead of it`;
    }
    return null;
  }

  /** How far a rival said it was, or is if it was not asked beside the chosen one; null: it said that it is unfit. */
  #shownBy(process: Process, rival: SimRedis, chosen: SimRedis): number | null {
    const answers = this.#answers.get(process);
    const answer = answers?.get(rival.id);
    const choiceAtMs = answers?.get(chosen.id)?.atMs ?? Number.POSITIVE_INFINITY;
    const isOfChoice = choiceAtMs - (answer?.atMs ?? 0) <= this.#sight.config().settings.fenceMs;
    if (answer === undefined || !isOfChoice) return rival.offset;
    const { replid, offset, isLoading, isSyncing } = answer.facts;
    return isLoading || isSyncing || replid !== chosen.replid ? null : offset;
  }

  /** Reachable for everybody for so long that each observer has seen it, and fit to say where it stands. */
  #isUntouched(node: SimRedis): boolean {
    // A server in the middle of a synchronisation may lose its data any moment, and is never chosen (fault N12).
    if (node.ailments.size > 0 || node.facts().isSyncing) return false;
    const sinceMs = this.#sight.troubles.changedAtMs(node.id);
    const isLongAgo = this.#sight.now() - sinceMs > quietMinMs;
    return isLongAgo && node.isServing && !node.isLoading && this.#sight.isReachable(node.id);
  }
}

import type { GroupState } from "../../lib/core/model.ts";
import { parseCompanion, type RecordSet } from "../../lib/core/records.ts";
import type { RoleCommand } from "./role-command.ts";
import type { Sight } from "./sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { quietMinMs } from "./troubles.ts";
import { Violation } from "./violation.ts";

/**
 * Who is named, promoted, committed and published in each epoch: one candidate (S1), named before it is promoted (S3),
 * committed only if it was promoted, and published only if it was committed (S6).
 */
export class EpochChecker {
  readonly #sight: Sight;
  /** Candidates that STATE has named, and masters, by epoch. */
  readonly #intents = new Map<number, string>();
  /** More than one of an epoch only where a restored table repeated it, and was mended afterwards (docs/limits.md). */
  readonly #committed = new Map<number, string[]>();
  readonly #promoted = new Map<number, Set<string>>();
  /** Epochs that had promoted nobody when the table was put back. */
  readonly #untold = new Set<number>();
  /** Candidates of an epoch that a table which was put back let the group open again. */
  readonly #earlier = new Map<number, Set<string>>();
  #highest = 0;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  hasCommitted(epoch: number): boolean {
    return this.#committed.has(epoch);
  }

  /** Only a table that was put back repeats an epoch. A promotion of the earlier one may still wait in a hung server. */
  onClaim({ epoch, candidate: claimed }: GroupState): void {
    const candidate = this.#intents.get(epoch);
    if (candidate === undefined) return;
    if (candidate === claimed?.node) {
      // Named again, it may have been promoted already; what it holds is looked at again.
      this.#intents.delete(epoch);
      return;
    }
    const isUntold = this.#untold.has(epoch) && !this.#promoted.has(epoch);
    if (!isUntold && this.#isTold(epoch)) return;
    this.#earlier.set(epoch, (this.#earlier.get(epoch) ?? new Set()).add(candidate));
    this.#intents.delete(epoch);
    this.#promoted.delete(epoch);
  }

  /**
   * Whether a node that everybody has reached for long shows a marker of this epoch or a later one; one that is loading shows
   * none. Where none does, a restored table cannot be told (docs/limits.md); where there is no marker at all, nobody
   * restores one.
   */
  #isTold(epoch: number): boolean {
    const { nodes, troubles, config, now, isReachable } = this.#sight;
    if (!config().settings.marker) return true;
    return [...nodes.values()].some((node) => {
      const quietMs = now() - troubles.changedAtMs(node.id);
      const isShowing = node.isServing && !node.isLoading;
      const isSeen = isShowing && isReachable(node.id) && quietMs > quietMinMs;
      return isSeen && (node.marker() ?? 0) >= epoch;
    });
  }

  /**
   * The item was put back to an older one. An epoch in which nobody was promoted may be repeated: it leaves no marker to
   * tell it by (docs/limits.md).
   */
  onReplaced(): void {
    for (const epoch of this.#intents.keys())
      if (!this.#promoted.has(epoch)) this.#untold.add(epoch);
  }

  onState(after: GroupState): void {
    this.#highest = Math.max(this.#highest, after.epoch);
  }

  /** True when an epoch names its candidate for the first time. */
  onCandidate({ epoch, candidate }: GroupState): boolean {
    if (candidate === null) return false;
    const known = this.#intents.get(epoch);
    if (known !== undefined && known !== candidate.node) {
      throw new Violation("S1", `epoch ${epoch} has the candidates ${known} and ${candidate.node}`);
    }
    this.#intents.set(epoch, candidate.node);
    return known === undefined;
  }

  onCommit(before: GroupState, after: GroupState): void {
    const epoch = after.masterEpoch;
    const node = after.master?.node ?? "";
    if (before.master !== null) {
      if (this.#intents.get(epoch) !== node) {
        throw new Violation("S3", `epoch ${epoch} committed ${node} without intent`);
      }
      if (!this.#promoted.get(epoch)?.has(node)) {
        throw new Violation("S6", `epoch ${epoch} committed ${node}, which nobody promoted in it`);
      }
    }
    this.#committed.set(epoch, [...(this.#committed.get(epoch) ?? []), node]);
  }

  /** Every role change that a server carried out. */
  onRoleChange(
    node: SimRedis,
    command: RoleCommand,
    before: SimRedis["role"],
    state: GroupState | null,
  ): void {
    if (command.kind === "promote") this.#onPromoted(node.id, command.epoch);
    // One that is a replica already is demoted by nobody: a switchover that was closed as its old master hung, after that
    // had handed over, leaves its last step in the socket.
    const isCommitted = state?.master?.node === node.id && state.phase !== "promoting";
    // An item that was put back names a master of the past.
    const isOfNow = (state?.epoch ?? 0) >= this.#highest;
    const isWrong = isCommitted && isOfNow && before === "master";
    if (command.kind === "attach" && isWrong) {
      throw new Violation(
        "F1",
        `the committed master ${node.id} was attached to ${command.to} by ${command.by}`,
      );
    }
  }

  #onPromoted(node: string, epoch: number): void {
    const isIntended = this.#intents.get(epoch) === node;
    if (!isIntended && this.#earlier.get(epoch)?.has(node)) return;
    if (!isIntended) {
      throw new Violation("S3", `${node} was promoted for epoch ${epoch} without intent`);
    }
    const promoted = (this.#promoted.get(epoch) ?? new Set()).add(node);
    if (promoted.size > 1)
      throw new Violation("S1", `epoch ${epoch} promoted ${[...promoted].join(", ")}`);
    this.#promoted.set(epoch, promoted);
  }

  /** Every change of the zone. */
  onRecords(before: readonly RecordSet[], after: readonly RecordSet[]): void {
    const oldEpoch = epochOf(before);
    const newEpoch = epochOf(after);
    if (newEpoch === null) throw new Violation("S6", "the record has no companion any more");
    if (oldEpoch !== null && newEpoch < oldEpoch) {
      throw new Violation("S6", `the record went back from epoch ${oldEpoch} to ${newEpoch}`);
    }
    const address = after.find((one) => one.type === "A")?.values[0];
    const committed = this.#committed.get(newEpoch) ?? [];
    if (committed.some((node) => node.split(":")[0] === address)) return;
    const what = committed.length === 0 ? "nobody" : committed.join(", ");
    throw new Violation(
      "S6",
      `the record says ${address} for epoch ${newEpoch}, committed was ${what}`,
    );
  }
}

function epochOf(records: readonly RecordSet[]): number | null {
  const text = records.find((one) => one.type === "TXT")?.values[0];
  return text === undefined ? null : (parseCompanion(text)?.epoch ?? null);
}

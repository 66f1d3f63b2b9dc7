import type { GroupState } from "../../lib/core/model.ts";
import type { Sight } from "./sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { Violation } from "./violation.ts";

const nothing: ReadonlySet<number> = new Set();

/** How the new master was when its commit left its process: nobody can take a commit back that is on its way. */
interface Leaving {
  readonly atMs: number;
  readonly held: ReadonlySet<number>;
}

/** What a new master has to hold: all that it held when it was chosen (S8), and after a switchover all that is owed (S10). */
export class KeptWrites {
  readonly #sight: Sight;
  /** What the candidate of the open epoch held when it was claimed. */
  #atClaim: { readonly epoch: number; readonly values: ReadonlySet<number> } | null = null;
  /** Commits on their way that nobody should have sent, by attempt. */
  readonly #lacking = new Map<string, string>();
  /** Commits of switchovers on their way, by attempt. */
  readonly #leaving = new Map<string, Leaving>();
  #handedOver = nothing;
  /** Whether the address of the old master was another's when the switchover was claimed. */
  #wasDisplaced = false;
  #acknowledgedAtClaim = 0;
  #claimedAtMs = 0;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  onSwitchoverClaimed(before: GroupState): void {
    this.#claimedAtMs = this.#sight.now();
    this.#acknowledgedAtClaim = Math.max(0, ...this.#sight.acknowledged.keys());
    const old = this.#sight.nodes.get(before.master?.node ?? "");
    this.#handedOver = old?.values() ?? nothing;
    this.#wasDisplaced = old?.isDisplaced ?? false;
  }

  onCandidate({ epoch, candidate }: GroupState): void {
    const node = this.#sight.nodes.get(candidate?.node ?? "");
    // What it holds by the offset that was chosen: more may have come, less may not.
    this.#atClaim = { epoch, values: node?.values(candidate?.offset) ?? nothing };
  }

  /**
   * A commit is held against how things are as it leaves its process: it may be applied long after, when nobody can take
   * it back. A node that is to be committed holds what it held when it was chosen (protocol F5c), unless it was emptied
   * since the commit's evidence, which is never older than `fenceMs` (docs/limits.md).
   */
  onCommitSent(next: GroupState): void {
    const atClaim = this.#atClaim;
    const node = this.#sight.nodes.get(next.master?.node ?? "");
    if (node === undefined || atClaim?.epoch !== next.masterEpoch) return;
    const attempt = next.attempts[0] ?? "";
    if (next.kind === "switchover") {
      this.#leaving.set(attempt, { atMs: this.#sight.now(), held: node.values() });
    }
    const held = node.stream.valuesWithin(this.#sight.config().settings.fenceMs);
    const lost = [...atClaim.values].find((value) => !held.has(value));
    if (lost === undefined) return;
    const what = `${node.id} was committed without ${lost}, which it held when chosen`;
    this.#lacking.set(attempt, what);
  }

  /** Whether another server may have taken a node's place since the commit's evidence, which is `fenceMs` old at the most. */
  #isJustStarted(startedAtMs: number, atMs: number): boolean {
    return atMs - startedAtMs < this.#sight.config().settings.fenceMs;
  }

  onCommit(before: GroupState, after: GroupState): void {
    const lacking = this.#lacking.get(after.attempts[0] ?? "");
    if (lacking !== undefined) throw new Violation("S8", lacking);
    if (after.kind !== "switchover") return;
    const leaving = this.#leaving.get(after.attempts[0] ?? "");
    this.#checkHandOver(before.master?.node ?? "", after.master?.node ?? "", leaving);
  }

  /** A switchover loses nothing: what the old master held at the claim, and what it acknowledged since (protocol F4). */
  #checkHandOver(from: string, to: string, leaving: Leaving | undefined): void {
    const { nodes, acknowledged, troubles } = this.#sight;
    // A role that somebody changes by hand in the middle is nobody's promise.
    if (troubles.changedByHandAtMs >= this.#claimedAtMs) return;
    // Nor is what another server takes that came to the old master's address since.
    if ((nodes.get(from)?.isDisplaced ?? false) !== this.#wasDisplaced) return;
    const kept = this.#keptBy(nodes.get(to), leaving);
    if (kept === null) return;
    const since = this.#acknowledgedAtClaim;
    const owed = [...acknowledged].flatMap(([value, by]) =>
      this.#handedOver.has(value) || (by === from && value > since) ? [value] : [],
    );
    const lost = owed.filter((value) => !kept.has(value));
    if (lost.length > 0) {
      throw new Violation(
        "S10",
        `the switchover from ${from} to ${to} lost the acknowledged ${lost.slice(0, 5).join(", ")}`,
      );
    }
  }

  /**
   * What the new master has to show. One that was started anew since its commit left is held against what it had then, and
   * one that had just been started then against nothing: the commit's evidence may be older.
   */
  #keptBy(taker: SimRedis | undefined, leaving: Leaving | undefined): ReadonlySet<number> | null {
    if (taker === undefined) return nothing;
    const sentAtMs = leaving?.atMs ?? this.#sight.now();
    if (leaving !== undefined && taker.startedAtMs > sentAtMs) return leaving.held;
    return this.#isJustStarted(taker.startedAtMs, sentAtMs) ? null : taker.values();
  }
}

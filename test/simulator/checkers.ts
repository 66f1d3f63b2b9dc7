import { type GroupConfig, votesNeeded } from "../../lib/core/config.ts";
import type { GroupState, Phase, Vote } from "../../lib/core/model.ts";
import { parseCompanion, type RecordSet } from "../../lib/core/records.ts";
import { phaseEdges } from "../support/phase-edges.ts";
import type { RoleCommand, SimRedis } from "./sim-redis.ts";

/** An invariant of test/faults that did not hold. */
export class Violation extends Error {
  readonly invariant: string;
  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

// The bootstrap names the first master and settles it.
const edges: ReadonlySet<string> = new Set([...phaseEdges, "steady>settling"]);

/** Probes, time-outs and the network's delay have long passed after this. */
export const quietMinMs = 20_000;

/** What a world tells its checker as it happens. */
export class Checker {
  /** The version that STATE names. */
  config: GroupConfig;
  readonly votes: () => readonly Vote[];
  readonly nodes: ReadonlyMap<string, SimRedis>;
  readonly now: () => number;
  /** Whether every observer reaches the node now. */
  readonly isReachable: (node: string) => boolean;
  /** What clients were told is written, and by which node. */
  readonly acknowledged: ReadonlyMap<number, string>;
  /** When something last befell a node: a kill, a hang, a cut, a heal, a role change. */
  readonly troubledAtMs = new Map<string, number>();
  /** The same without what leaves it alive, and answering: an ailment is no excuse for a failover (faults N6 to N10). */
  readonly #awayAtMs = new Map<string, number>();
  /** The same without the links between nodes and observers: what servers and clients feel. */
  readonly befellAtMs = new Map<string, number>();
  /** Candidates and masters that STATE has named, by epoch. */
  readonly #intents = new Map<number, string>();
  readonly #committed = new Map<number, string>();
  readonly #promoted = new Map<number, Set<string>>();
  /** What the candidate of the open epoch held when it was claimed. */
  #atClaim: { readonly epoch: number; readonly values: ReadonlySet<number> } | null = null;
  #lastAutomaticMs = Number.NEGATIVE_INFINITY;
  failovers = 0;
  switchovers = 0;
  failedEpochs = 0;

  constructor(
    config: GroupConfig,
    votes: () => readonly Vote[],
    nodes: ReadonlyMap<string, SimRedis>,
    now: () => number,
    acknowledged: ReadonlyMap<number, string>,
    isReachable: (node: string) => boolean,
  ) {
    this.config = config;
    this.votes = votes;
    this.nodes = nodes;
    this.now = now;
    this.acknowledged = acknowledged;
    this.isReachable = isReachable;
  }

  trouble(...nodes: readonly string[]): void {
    this.obstruct(...nodes);
    this.touch(...nodes);
  }

  /** Something that leaves a server alive: an ailment, a role change. */
  touch(...nodes: readonly string[]): void {
    for (const node of nodes) {
      this.troubledAtMs.set(node, this.now());
      this.befellAtMs.set(node, this.now());
    }
  }

  /** Something came between a node and an observer. */
  obstruct(...nodes: readonly string[]): void {
    for (const node of nodes) {
      this.troubledAtMs.set(node, this.now());
      this.#awayAtMs.set(node, this.now());
    }
  }

  /** When something last befell a node, or came between it and an observer. */
  changedAtMs(node: string): number {
    return this.troubledAtMs.get(node) ?? 0;
  }

  /** Every write of STATE that was applied. */
  onState(before: GroupState | null, after: GroupState): void {
    if (before === null) return;
    if (after.rev !== before.rev + 1) throw new Violation("S5", `rev ${before.rev} → ${after.rev}`);
    if (after.epoch < before.epoch)
      throw new Violation("S5", `epoch ${before.epoch} → ${after.epoch}`);
    if (!edges.has(`${before.phase}>${after.phase}`)) {
      throw new Violation("S5", `phase ${before.phase} → ${after.phase}`);
    }
    if (after.phase === "promoting" && after.epoch > before.epoch) this.#onClaim(before, after);
    this.#onCandidate(after);
    if (after.masterEpoch !== before.masterEpoch) this.#onCommit(before, after);
    else if (after.master?.node !== before.master?.node) {
      throw new Violation("S9", "the master changed without a commit");
    }
    this.#checkRecord(before, after);
    this.#highestEpoch = Math.max(this.#highestEpoch, after.epoch);
    if (before.phase === "promoting" && after.phase === "steady") this.failedEpochs += 1;
    if (
      before.phase !== "steady" &&
      after.phase !== "steady" &&
      after.configVersion !== before.configVersion
    ) {
      throw new Violation("S17", "the configuration changed in an open epoch");
    }
  }

  /**
   * Whether a node that everybody has reached for long carries a marker of this epoch or a later one. Where none does, a
   * restored table cannot be told (docs/limits.md); where there is no marker at all, nobody restores one.
   */
  #isTold(epoch: number): boolean {
    if (!this.config.settings.marker) return true;
    return [...this.nodes.values()].some((node) => {
      const quietMs = this.now() - (this.troubledAtMs.get(node.id) ?? 0);
      const isSeen = node.isServing && this.isReachable(node.id) && quietMs > quietMinMs;
      return isSeen && (node.marker() ?? 0) >= epoch;
    });
  }

  /**
   * The item was put back to an older one: what was recorded since is recorded again, a failover too. So is an epoch in
   * which nobody was promoted, which leaves no marker to tell it by (docs/limits.md).
   */
  onReplaced(): void {
    for (const epoch of this.#intents.keys())
      if (!this.#promoted.has(epoch)) this.#untold.add(epoch);
    this.#outdated.clear();
    this.#lastAutomaticMs = Number.NEGATIVE_INFINITY;
  }

  /** Epochs that had promoted nobody when the table was put back. */
  readonly #untold = new Set<number>();
  /** Candidates of an epoch that a table which was put back let the group open again. */
  readonly #earlier = new Map<number, Set<string>>();

  /** Only a table that was put back repeats an epoch. A promotion of the earlier one may still wait in a hung server. */
  #repeat(epoch: number): void {
    const candidate = this.#intents.get(epoch);
    if (candidate === undefined) return;
    const isUntold = this.#untold.has(epoch) && !this.#promoted.has(epoch);
    if (!isUntold && this.#isTold(epoch)) return;
    this.#earlier.set(epoch, (this.#earlier.get(epoch) ?? new Set()).add(candidate));
    this.#intents.delete(epoch);
    this.#promoted.delete(epoch);
  }

  #highestEpoch = 0;

  /** No server ever gets an old run id again: a record that returns to one was written from memory (protocol F5). */
  #checkRecord(before: GroupState, after: GroupState): void {
    const was = before.master?.runId;
    const is = after.master?.runId;
    if (was === is || is === undefined) return;
    if (was !== undefined) this.#outdated.add(was);
    const isReelected = after.masterEpoch !== before.masterEpoch;
    if (!isReelected && this.#outdated.has(is)) {
      throw new Violation("F5", `the record of ${after.master?.node} went back to run ${is}`);
    }
  }

  readonly #outdated = new Set<string>();

  #onClaim(before: GroupState, after: GroupState): void {
    if (after.epoch !== before.epoch + 1) throw new Violation("S5", "an epoch was skipped");
    if (before.pause !== null) throw new Violation("S12", "a claim while paused");
    this.#repeat(after.epoch);
    if (after.kind === "switchover") {
      this.#claimedAtMs = this.now();
      this.#acknowledgedAtClaim = Math.max(0, ...this.acknowledged.keys());
      this.#handedOver = this.nodes.get(before.master?.node ?? "")?.values() ?? new Set();
      return;
    }
    this.#checkAlive(before.master?.node ?? "", after.candidate?.node ?? "");
    const suspect = before.round.suspect;
    const down = this.votes().filter(
      (vote) =>
        vote.round === before.round.number &&
        vote.epoch === before.epoch &&
        vote.digest === this.config.digest &&
        vote.verdict === "down" &&
        vote.node === suspect &&
        this.config.observers.includes(vote.observer),
    );
    if (before.round.status !== "open" || suspect !== before.master?.node) {
      throw new Violation("S2", "a claim without an open round on the master");
    }
    if (new Set(down.map((vote) => vote.observer)).size < votesNeeded(this.config)) {
      throw new Violation("S2", `a claim with ${down.length} standing votes`);
    }
  }

  #handedOver: ReadonlySet<number> = new Set();
  #acknowledgedAtClaim = 0;
  #claimedAtMs = 0;
  touchedByHandAtMs = Number.NEGATIVE_INFINITY;

  /** L4: nobody fails over a master that serves, and that nothing has befallen for a while. */
  #checkAlive(id: string, candidate: string): void {
    const node = this.nodes.get(id);
    if (node === undefined || !node.isServing || node.role !== "master") return;
    // A master that came back without its data is rightly replaced by a node that has it.
    const chosen = this.nodes.get(candidate);
    if (chosen !== undefined && hasMore(chosen, node)) return;
    const quietMs = this.now() - (this.#awayAtMs.get(id) ?? 0);
    if (quietMs > quietMinMs && this.isReachable(id)) {
      const ails = [...node.ailments, ...(node.isLoading ? ["loading"] : [])].join(", ");
      throw new Violation(
        "L4",
        `${id} ${ails === "" ? "serves" : `answers (${ails})`} as master, never away for ${Math.round(quietMs)} ms, and is failed over`,
      );
    }
  }

  /** A switchover loses nothing: what the old master held at the claim, and what it acknowledged since (protocol F4). */
  #checkHandOver(from: string, to: string): void {
    // A role that somebody changes by hand in the middle is nobody's promise.
    if (this.touchedByHandAtMs >= this.#claimedAtMs) return;
    // Another server may have taken the target's place since the commit's evidence, which is `fenceMs` old at the most.
    const taker = this.nodes.get(to);
    if (taker !== undefined && this.now() - taker.startedAtMs < this.config.settings.fenceMs)
      return;
    const kept = this.nodes.get(to)?.values() ?? new Set<number>();
    const since = this.#acknowledgedAtClaim;
    const owed = [...this.acknowledged].flatMap(([value, by]) =>
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

  #onCandidate(after: GroupState): void {
    if (after.phase !== "promoting" || after.candidate === null) return;
    const known = this.#intents.get(after.epoch);
    if (known !== undefined && known !== after.candidate.node) {
      throw new Violation(
        "S1",
        `epoch ${after.epoch} has the candidates ${known} and ${after.candidate.node}`,
      );
    }
    if (known === undefined) {
      this.#intents.set(after.epoch, after.candidate.node);
      const node = this.nodes.get(after.candidate.node);
      // What it holds by the offset that was chosen: more may have come, less may not.
      const values = node?.values(after.candidate.offset) ?? new Set();
      this.#atClaim = { epoch: after.epoch, values };
    }
  }

  #onCommit(before: GroupState, after: GroupState): void {
    const node = after.master?.node ?? "";
    if (before.master === null) {
      this.#committed.set(after.masterEpoch, node);
      return;
    }
    if (this.#intents.get(after.masterEpoch) !== node) {
      throw new Violation("S3", `epoch ${after.masterEpoch} committed ${node} without intent`);
    }
    if (!this.#promoted.get(after.masterEpoch)?.has(node)) {
      throw new Violation(
        "S6",
        `epoch ${after.masterEpoch} committed ${node}, which nobody promoted in it`,
      );
    }
    this.#committed.set(after.masterEpoch, node);
    const lacking = this.#lacking.get(after.attempts[0] ?? "");
    if (lacking !== undefined) throw new Violation("S8", lacking);
    if (after.kind === "switchover") {
      this.#checkHandOver(before.master.node, node);
      this.switchovers += 1;
    }
    if (after.kind === "failover") this.failovers += 1;
    if (!after.isAutomatic) {
      // An operator who hands over by hand has seen the failover before.
      this.#lastAutomaticMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const sinceMs = this.now() - this.#lastAutomaticMs;
    if (before.phase === "promoting" && sinceMs < this.config.settings.cooldownMs * 0.8) {
      // A master that died before it had settled completes nothing.
      if (!this.#wasSettling)
        throw new Violation("S13", `two automatic failovers in ${sinceMs} ms`);
    }
    this.#lastAutomaticMs = this.now();
  }

  #wasSettling = false;
  noteClaimFrom(phase: Phase): void {
    this.#wasSettling = phase === "settling";
  }

  /**
   * A commit is held against how things are as it leaves its process: it may be applied long after, when nobody can take
   * it back. A node that is to be committed holds what it held when it was chosen (protocol F5c), unless it was emptied
   * since the commit's evidence, which is never older than `fenceMs` (docs/limits.md).
   */
  onSent(next: GroupState): void {
    const atClaim = this.#atClaim;
    const node = this.nodes.get(next.master?.node ?? "");
    if (next.phase !== "settling" || this.#committed.has(next.masterEpoch)) return;
    if (node === undefined || atClaim?.epoch !== next.masterEpoch) return;
    if (this.now() - node.startedAtMs < this.config.settings.fenceMs) return;
    const held = node.values();
    const lost = [...atClaim.values].find((value) => !held.has(value));
    if (lost === undefined) return;
    const what = `${node.id} was committed without ${lost}, which it held when chosen`;
    this.#lacking.set(next.attempts[0] ?? "", what);
  }

  /** Commits on their way that nobody should have sent, by attempt. */
  readonly #lacking = new Map<string, string>();

  /** Every role change that a server carried out. */
  onRoleChange(
    node: SimRedis,
    command: RoleCommand,
    before: SimRedis["role"],
    state: GroupState | null,
  ): void {
    if (command.kind === "promote") {
      const isIntended = this.#intents.get(command.epoch) === node.id;
      if (!isIntended && this.#earlier.get(command.epoch)?.has(node.id)) return;
      if (!isIntended) {
        throw new Violation(
          "S3",
          `${node.id} was promoted for epoch ${command.epoch} without intent`,
        );
      }
      const promoted = this.#promoted.get(command.epoch) ?? new Set();
      promoted.add(node.id);
      if (promoted.size > 1)
        throw new Violation("S1", `epoch ${command.epoch} promoted ${[...promoted].join(", ")}`);
      this.#promoted.set(command.epoch, promoted);
    }
    // One that is a replica already is demoted by nobody: a switchover that was closed as its old master hung, after that
    // had handed over, leaves its last step in the socket.
    const isCommitted = state?.master?.node === node.id && state.phase !== "promoting";
    // An item that was put back names a master of the past.
    const isOfNow = (state?.epoch ?? 0) >= this.#highestEpoch;
    if (command.kind === "attach" && isCommitted && isOfNow && before === "master") {
      throw new Violation(
        "F1",
        `the committed master ${node.id} was attached to ${command.to} by ${command.by}`,
      );
    }
  }

  /** Every change of the zone. */
  onRecords(before: readonly RecordSet[], after: readonly RecordSet[]): void {
    const epochOf = (records: readonly RecordSet[]) => {
      const text = records.find((one) => one.type === "TXT")?.values[0];
      return text === undefined ? null : (parseCompanion(text)?.epoch ?? null);
    };
    const oldEpoch = epochOf(before);
    const newEpoch = epochOf(after);
    if (newEpoch === null) throw new Violation("S6", "the record has no companion any more");
    if (oldEpoch !== null && newEpoch < oldEpoch) {
      throw new Violation("S6", `the record went back from epoch ${oldEpoch} to ${newEpoch}`);
    }
    const address = after.find((one) => one.type === "A")?.values[0];
    const committed = this.#committed.get(newEpoch);
    if (committed === undefined || committed.split(":")[0] !== address) {
      throw new Violation(
        "S6",
        `the record says ${address} for epoch ${newEpoch}, committed was ${committed}`,
      );
    }
  }
}

/** Whether a server holds a write that the other one lacks. */
export function hasMore(one: SimRedis, other: SimRedis): boolean {
  const held = other.values();
  return [...one.values()].some((value) => !held.has(value));
}

import type { GroupState, Vote } from "../../lib/core/model.ts";
import { sharesHistory } from "./history.ts";
import { reaches } from "./network.ts";
import { holdsAnothers } from "./owners.ts";
import { PassedOver } from "./passed-over.ts";
import type { Sight } from "./sight.ts";
import { flowingMs } from "./sim-link.ts";
import type { SimRedis } from "./sim-redis.ts";
import { noticedMs, quietMinMs } from "./troubles.ts";
import { Violation } from "./violation.ts";

/**
 * Holds claims and commits against how things really were, in words of its own: whoever borrows the rules that it judges
 * finds them right.
 */
export class Truth {
  readonly passedOver: PassedOver;
  readonly #sight: Sight;
  readonly #promotedAtMs = new Map<number, number>();
  readonly #confirmed: { readonly value: number; readonly by: string; readonly atMs: number }[] =
    [];
  #roundAtMs = 0;

  constructor(sight: Sight) {
    this.#sight = sight;
    this.passedOver = new PassedOver(sight);
  }

  onPromoted(epoch: number): void {
    this.#promotedAtMs.set(epoch, this.#sight.now());
  }

  /**
   * N2, N3, N18: whoever is said to have lost its data did lose some that it had acknowledged, whoever is said to be older has
   * less than another one has, or had just before, and whoever is said to be
   * another server is one, has another's data, or lost as much, unless `isRecordAnothers`: the group has another's data, and
   * its own server is the stranger. `known`: STATE as the voter knew it; null: it had read none.
   */
  onVote(
    { verdict, evidence, node }: Vote,
    known: GroupState | null,
    isRecordAnothers: boolean,
  ): void {
    const suspect = this.#sight.nodes.get(node ?? "");
    const isForeign = evidence.includes("another server");
    if (verdict !== "down" || suspect === undefined) return;
    const isOlder = evidence.includes("with older data");
    if (!(isForeign || isOlder || evidence.includes("without its data"))) return;
    if (isForeign && (suspect.isDisplaced || isRecordAnothers)) return;
    if (isForeign && known !== null && holdsAnothers(known, suspect)) return;
    // The answer may be from the moment before its own data came back.
    const sinceMs = this.#sight.troubles.befellAtMs(suspect.id);
    if (this.#sight.now() - sinceMs < noticedMs) return;
    if (isOlder) this.#checkOlder(suspect);
    else this.#checkLost(suspect, isForeign);
  }

  /** An older RDB says of itself that it is one: of a master that came back with all it had, nobody may say so. */
  #checkOlder(suspect: SimRedis): void {
    const others = [...this.#sight.nodes.values()];
    if (others.some(({ stream }) => stream.hadMoreThan(suspect.stream, noticedMs))) return;
    throw new Violation("N3", `${suspect.id} is voted down as older, and nobody has more`);
  }

  #checkLost(suspect: SimRedis, isForeign: boolean): void {
    const held = suspect.values();
    const written = [...this.#sight.acknowledged].filter(([, by]) => by === suspect.id);
    if (written.length === 0 || written.some(([value]) => !held.has(value))) return;
    // What it lost may have been written by its predecessors, and be gone everywhere: replicas copy an emptiness.
    if (suspect.hasBegunEmpty) return;
    // A data set that began from nothing or as another's, and has no marker yet, is not the group's, whoever copied it by
    // hand, wrote to it, and however often it was started. No node says where its data began: what an observer is told is
    // that nobody knows its history, and that the marker is gone.
    if (isForeign && suspect.stream.beganApart && suspect.marker() === null) return;
    // Whoever has copied the suspect since it was asked holds no more than the suspect does, and did when it was asked.
    const others = [...this.#sight.nodes.values()];
    if (others.some(({ stream }) => stream.hadMoreThan(suspect.stream, noticedMs))) return;
    const what = isForeign ? "another server" : "emptied";
    throw new Violation(
      isForeign ? "N18" : "N3",
      `${suspect.id} is voted down as ${what}, and holds all it ever wrote`,
    );
  }

  /** A claim of a failover: S7, the candidate holds the group's history; P3, no replica hears the master. */
  onClaim(before: GroupState, after: GroupState): void {
    const old = this.#sight.nodes.get(before.master?.node ?? "");
    const chosen = this.#sight.nodes.get(after.candidate?.node ?? "");
    if (before.master === null || old === undefined || chosen === undefined) return;
    // A claim that is applied late may find its candidate changed: then the commit has to notice.
    const isAsChosen = chosen.isUp && chosen.replid === after.candidate?.replid;
    // What a stream or a link that healed has brought since it was asked, the claim could not know.
    const { replid, replid2 } = chosen;
    const offset = Math.min(chosen.offset, after.candidate?.offset ?? chosen.offset);
    if (isAsChosen && !sharesHistory(before.master, { replid, replid2, offset })) {
      throw new Violation("S7", `${chosen.id} is chosen and holds another history`);
    }
    // Whom an operator names is promoted within the consented loss, whoever else holds more.
    const consentedBytes = this.#consentedFor(chosen, before, after);
    const wrong = consentedBytes === null ? this.passedOver.of(after) : null;
    if (wrong !== null) throw new Violation("S7", wrong);
    if (chosen !== old) this.#checkConfirmed(old, chosen, consentedBytes);
    if (this.#sight.config().settings.whenUnreachable === "failover") return;
    if (!this.#servesQuietly(old) || chosen.stream.hasMoreThan(old.stream)) return;
    const hearers = [...this.#sight.nodes.values()].filter(
      (node) => node.masterId === old.id && this.#isLinked(node, old) && this.#isQuiet(node),
    );
    if (hearers.length > 0 && hearers.includes(chosen)) {
      throw new Violation("P3", `${old.id} is failed over, and ${chosen.id} hears it all the time`);
    }
  }

  /** F6: until the commit the old master wins, if it answers whoever commits; another's server in its place does not. */
  onCommit(before: GroupState, after: GroupState, leader: string): void {
    const old = this.#sight.nodes.get(before.master?.node ?? "");
    const chosen = this.#sight.nodes.get(after.master?.node ?? "");
    const promotedAtMs = this.#promotedAtMs.get(after.masterEpoch);
    if (old === undefined || chosen === undefined || promotedAtMs === undefined) return;
    if (after.kind !== "failover" || old === chosen || this.#sight.isNetworkPoor()) return;
    if (holdsAnothers(before, old)) return;
    if (!old.isServing || old.role !== "master" || chosen.stream.hasMoreThan(old.stream)) return;
    const sinceMs = this.#sight.troubles.changedAtMs(old.id);
    if (old.loading.isTooLong(this.#sight.config().settings)) return;
    const isSeen = sinceMs < promotedAtMs - noticedMs && reaches(this.#sight, leader, old.id);
    if (!isSeen || this.#hasSlept(leader)) return;
    const forMs = Math.round(promotedAtMs - sinceMs);
    throw new Violation(
      "F6",
      `${chosen.id} is committed over ${old.id}, which had served as master for ${forMs} ms before the promotion`,
    );
  }

  #hasSlept(observer: string): boolean {
    return [...this.#sight.live(observer)].some(
      (process) => process.isFrozen || process.now() - process.lastThawMs < 2 * noticedMs,
    );
  }

  /**
   * A link that is cut looks up to its replica until the replication timeout. And a stream that was busy and stopped when
   * the observers lost the master counts as its end (docs/limits.md): only what still flows says that it lives.
   */
  #isLinked(replica: SimRedis, master: SimRedis): boolean {
    // A stream that stops with its writers, and has a ping in ten seconds, is taken for its end (docs/limits.md).
    const { lastIoMs, silenceEndedAtMs } = replica.link;
    const now = this.#sight.now();
    const isFlowing = now - lastIoMs < flowingMs && now - silenceEndedAtMs > quietMinMs;
    return isFlowing && replica.link.isUp && !this.#sight.isCut(replica.id, master.id);
  }

  #isQuiet(node: SimRedis): boolean {
    const sinceMs = this.#sight.troubles.befellAtMs(node.id);
    return node.isServing && this.#sight.now() - sinceMs > quietMinMs;
  }

  /** A client was told by WAIT 1 that a replica has its write too. */
  onConfirmed(value: number, by: string): void {
    this.#confirmed.push({ value, by, atMs: this.#sight.now() });
  }

  onRound(): void {
    this.#roundAtMs = this.#sight.now();
  }

  /**
   * S10: where every replica could be asked, and nothing had befallen one since a write was confirmed, the one that has
   * it or one that is ahead of it leads. Nodes of different rank are not chosen by what they hold, and one that an operator
   * named may be behind by `consentedBytes`; null: nobody named it.
   */
  #checkConfirmed(old: SimRedis, chosen: SimRedis, consentedBytes: number | null): void {
    const others = [...this.#sight.nodes.values()].filter((node) => node !== old);
    const isFair = others.every(
      (node) =>
        this.#sight.rank(node) === this.#sight.rank(chosen) &&
        node.replid === chosen.replid &&
        node.isServing &&
        !node.isLoading &&
        node.ailments.size === 0 &&
        this.#sight.isReachable(node.id),
    );
    if (!isFair || this.#sight.isNetworkPoor()) return;
    const troubled = others.map((node) => this.#sight.troubles.changedAtMs(node.id));
    const sinceMs = Math.max(...troubled) + noticedMs;
    const held = chosen.values();
    const ahead = others.filter(
      ({ offset }) => consentedBytes === null || offset - chosen.offset > consentedBytes,
    );
    // What no node holds went with a master that was started again with less, and not with this choice.
    const lost = this.#confirmed.find(
      ({ value, by, atMs }) =>
        by === old.id &&
        atMs > sinceMs &&
        atMs < this.#roundAtMs &&
        !held.has(value) &&
        ahead.some((node) => node.values().has(value)),
    );
    if (lost === undefined) return;
    throw new Violation(
      "S10",
      `${chosen.id} is chosen without ${lost.value}, which WAIT confirmed`,
    );
  }

  #servesQuietly(node: SimRedis): boolean {
    return node.role === "master" && !node.isLoading && this.#isQuiet(node);
  }

  /**
   * How many bytes less than another one a node may hold that an operator named; null: nobody named it. A wish for later,
   * and one for a hand-over, name nobody for an automatic claim.
   */
  #consentedFor(node: SimRedis, before: GroupState, claim: GroupState): number | null {
    const { request } = before;
    if (claim.isAutomatic || request?.kind !== "failover" || request.to !== node.id) return null;
    return Math.max(this.#sight.config().settings.maxLagBytes, request.allowedLossBytes ?? 0);
  }
}

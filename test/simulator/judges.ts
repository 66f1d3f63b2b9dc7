import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Sample, Vote } from "../../lib/core/model.ts";
import type { RecordSet } from "../../lib/core/records.ts";
import { Adopting } from "./adopting.ts";
import { Checker } from "./checkers.ts";
import { isDoubted } from "./doubts.ts";
import type { Process } from "./engine.ts";
import { HandsOff } from "./hands-off.ts";
import { Holding } from "./holding.ts";
import { checkLeaving, type Leaving } from "./leaving.ts";
import { LossMeter } from "./losses.ts";
import { isInReach } from "./network.ts";
import { checkOwner, Strangers } from "./owners.ts";
import { trueRank } from "./placement.ts";
import type { RoleCommand } from "./role-command.ts";
import type { Sight } from "./sight.ts";
import type { ClientKind } from "./sim-client.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { Observed } from "./sim-vantage.ts";
import { Truth } from "./truth.ts";
import { Violation } from "./violation.ts";
import type { Woken } from "./wakes.ts";
import { WindowMeter } from "./windows.ts";
import { Witness } from "./witness.ts";
import type { SimWorld } from "./world.ts";

/** All who measure a world and hold it against what is promised, told of what happens. What is broken fails the world. */
export class Judges {
  readonly checker: Checker;
  readonly handsOff: HandsOff;
  readonly losses: LossMeter;
  readonly windows = new WindowMeter();
  readonly #truth: Truth;
  readonly #witness: Witness;
  readonly #strangers: Strangers;
  readonly #holding: Holding;
  readonly #adopting: Adopting;
  readonly #world: SimWorld;
  /** The version that STATE names. */
  #config: GroupConfig;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#config = world.config;
    const sight = this.#sight();
    this.checker = new Checker(sight);
    this.#truth = new Truth(sight);
    this.#witness = this.#newWitness();
    this.#strangers = new Strangers(world.nodes, sight);
    this.#holding = new Holding(sight);
    this.#adopting = new Adopting(sight);
    this.handsOff = new HandsOff(world);
    this.losses = new LossMeter(world.writes, world.nodes);
  }

  /** The version of the configuration that STATE names. */
  get config(): GroupConfig {
    return this.#config;
  }

  #sight(): Sight {
    const world = this.#world;
    return {
      get nodes() {
        return world.members;
      },
      acknowledged: world.writes.acknowledged,
      troubles: world.troubles,
      rank: (node) => trueRank(world.config, node),
      now: () => world.engine.nowMs,
      config: () => this.#config,
      votes: () => [...world.store.votes.values(), ...world.store.taken],
      isCut: (one, other) => world.isCut(one, other),
      isReachable: (node) => isInReach(world, node),
      isNetworkPoor: () => world.delayMs > 20 || world.cutChance > 0,
      live: (observer) => world.processes.get(observer) ?? [],
    };
  }

  #newWitness(): Witness {
    const world = this.#world;
    return new Witness({
      config: () => this.#config,
      tableReadAtMs: ({ name }) => world.store.verifiedAtMs.get(name) ?? Number.NEGATIVE_INFINITY,
      known: ({ name }) => world.store.known.get(name),
      isRestored: () => world.operators.isRestored,
      isDoubted: (id) => isDoubted(this.#world, id),
    });
  }

  /** When STATE got each of its last entries. */
  readonly writtenAtMs = new Map<number, number>();

  onState(before: GroupState | null, after: GroupState, writer: string): void {
    this.writtenAtMs.set(after.rev, this.#sight().now());
    this.losses.onState(before, after);
    this.windows.onState(before, after);
    this.#guard(() => this.#strangers.onState(before, after));
    this.#guard(() => this.#holding.onState(before, after));
    this.#guard(() => {
      this.checker.onState(before, after);
      const { configs } = this.#world.store;
      this.#config = configs.find((one) => one.version === after.configVersion) ?? this.#config;
      this.#witness.onState(before, after, this.#world.engine.nowMs);
      if (after.round.number > (before?.round.number ?? 0)) this.#truth.onRound();
      if (before === null || before.master === null) return;
      const isClaim = after.epoch > before.epoch && after.kind === "failover";
      if (isClaim) this.#truth.onClaim(before, after);
      if (after.masterEpoch > before.masterEpoch) this.#truth.onCommit(before, after, writer);
    });
  }

  onSent(process: Process, next: GroupState): void {
    this.#strangers.onSent(next);
    this.#truth.passedOver.onSent(process, next);
    this.#guard(() => this.checker.onSent(next));
    const known = this.#world.store.known.get(process.name);
    this.#guard(() => this.#adopting.onSent(process, known, next));
  }

  onStart(process: Process, woken: Woken | null): void {
    this.#witness.onStart(process, woken);
  }

  onVote(process: Process, vote: Vote): void {
    this.#guard(() => {
      this.#witness.onVote(process, vote);
      const { master = null } = this.#world.state() ?? {};
      const known = this.#world.store.known.get(process.name) ?? null;
      this.#truth.onVote(vote, known, this.#strangers.isAnothers(master));
    });
  }

  onCast(process: Process, vote: Vote): void {
    this.#witness.onCast(process, vote);
  }

  /** The item was put back to an older one. */
  onReplaced(): void {
    // The item that stands now may name an earlier version.
    const { configs } = this.#world.store;
    const version = this.#world.state()?.configVersion;
    this.#config = configs.find((one) => one.version === version) ?? this.#config;
    this.checker.onReplaced();
    this.#witness.onReplaced(this.#world.state(), this.#world.engine.nowMs);
    this.handsOff.onReplaced();
    this.#holding.onReplaced();
  }

  onRoleChange(node: SimRedis, command: RoleCommand, before: SimRedis["role"]): void {
    if (command.kind === "promote") this.#truth.onPromoted(command.epoch);
    this.#guard(() => this.#strangers.onRoleChange(node, command));
    const state = this.#world.state();
    this.#guard(() => this.checker.epochs.onRoleChange(node, command, before, state));
    this.#guard(() => this.#holding.onRoleChange(node, command, state));
  }

  onRecords(after: readonly RecordSet[], standing: readonly RecordSet[]): void {
    this.#guard(() => checkOwner(standing, this.#world.store.deployment));
    // By what really stood: where the records were deleted by hand, nothing fences a late batch (docs/limits.md).
    this.#guard(() => this.checker.epochs.onRecords(standing, after));
  }

  onSample(process: Process, observer: string, sample: Sample): void {
    const { node, facts, sentAtMs, reply } = sample;
    if (reply.kind !== "pong") this.#adopting.onUnanswered(process, node);
    else if (facts !== undefined) this.#adopting.onAnswered(process, node, facts, sentAtMs);
    this.#guard(() => this.#witness.onSample(process, observer, sample));
  }

  onObserved(process: Process, observer: string, { node, sentAtMs, facts }: Observed): void {
    this.#witness.onHeard(process, observer, { node, sentAtMs, isAnswer: true });
    this.#truth.passedOver.onAnswered(process, node, facts);
    this.#adopting.onAnswered(process, node, facts, sentAtMs);
  }

  onEffect(process: Process, observer: string, leaving: Leaving): void {
    this.#guard(() => this.handsOff.onEffect(process, observer, leaving.what));
    this.#guard(() => checkLeaving(process, leaving, this.#world.store));
    this.#guard(() => this.#holding.onEffect(process, leaving, this.#world.store));
  }

  onAccepted(by: ClientKind, node: SimRedis): void {
    this.windows.onAccepted(by, node, this.#world.engine.nowMs);
    this.#guard(() => this.#holding.onAccepted(node));
  }

  /** A client was told by a replica that it has a write. */
  onConfirmed(value: number, node: SimRedis): void {
    this.#truth.onConfirmed(value, node.id);
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#world.fail(error);
    }
  }
}

import { isOurs } from "../../lib/core/identity.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { isInReach } from "./network.ts";
import { greetingBy } from "./sim-ailments.ts";
import type { SimRedis } from "./sim-redis.ts";
import { Violation } from "./violation.ts";
import type { SimWorld } from "./world.ts";

/** How often the world asks. */
const everyMs = 500;

/**
 * S9, S11: a second master of the group is a replica soon, where nothing stands in the way: everybody reaches both, the
 * table answers, nobody has paused, and no epoch is open. Each probe asks for the role; one more look observes the node
 * and reads STATE, and the fence goes out with it. What has to fit in is thus two probe intervals, and the deadlines of
 * a probe, of a look at the table and of the fence itself; everything may be tried once again.
 */
export class Fencing {
  readonly #world: SimWorld;
  readonly #sinceMs = new Map<string, number>();
  longestMs = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  get boundMs(): number {
    const { probeIntervalMs, probeTimeoutMs, fenceMs } = this.#world.config.settings;
    const { gapMs } = this.#world.invocations;
    return gapMs + 2 * (2 * probeIntervalMs + probeTimeoutMs + fenceMs);
  }

  start(): void {
    const { engine } = this.#world;
    const look = (): void => {
      this.#look();
      engine.schedule(everyMs, look);
    };
    engine.schedule(everyMs, look);
  }

  #look(): void {
    const world = this.#world;
    const { nowMs } = world.engine;
    const isClear = this.#isClear();
    for (const { id } of world.members.values()) {
      if (!isClear || !this.#isSecondMaster(id)) {
        this.#sinceMs.delete(id);
        continue;
      }
      const sinceMs = Math.max(this.#sinceMs.get(id) ?? nowMs, world.troubles.changedAtMs(id));
      this.#sinceMs.set(id, sinceMs);
      this.longestMs = Math.max(this.longestMs, nowMs - sinceMs);
      if (nowMs - sinceMs <= this.boundMs) continue;
      const forMs = Math.round(nowMs - sinceMs);
      world.fail(
        new Violation("S11", `${id} is a second master in everybody's sight for ${forMs} ms`),
      );
    }
  }

  /** Whether observers can do their work: awake, with a table that answers, and a master that is one. */
  #isClear(): boolean {
    const world = this.#world;
    const state = world.state();
    // A STATE that is not theirs, or was put back, is no reason to act.
    const { deployment, newer } = world.store;
    if (world.operators.isRestored || state?.deployment !== deployment || newer.size > 0)
      return false;
    const { cutOff, lostReply, lateApply, throttled, slow } = world.store.faults;
    const isTableWell = cutOff.size === 0 && lostReply + lateApply + throttled + slow < 0.05;
    if (state === null || state.master === null || !isTableWell) return false;
    if (state.pause !== null || state.phase === "promoting") return false;
    // A master that restarted with less than a second one holds has that one replaced by nobody (fault N3).
    if (state.round.status === "open" && state.round.suspect === state.master.node) return false;
    if (world.delayMs > 20 || world.cutChance > 0) return false;
    if (!this.#isWatched()) return false;
    // Nobody is made a replica of a master that came back without its data, and waits for a successor (fault N3).
    const master = world.nodes.get(state.master.node);
    if (master === undefined || master.hasBegunEmpty || this.#isBehind(master)) return false;
    return this.#isPlain(state.master.node) && master.role === "master";
  }

  /** Whether it came back with older data, and another one still has the rest. */
  #isBehind({ stream }: SimRedis): boolean {
    return (
      stream.isOlder &&
      [...this.#world.nodes.values()].some((one) => one.stream.hasMoreThan(stream))
    );
  }

  /** All shifts are alive, or where observers watch in passes, have been just now. */
  #isWatched(): boolean {
    const { processes, config, invocations, engine } = this.#world;
    const live = [...processes.values()].flatMap((one) => [...one]);
    if (live.some((one) => one.isFrozen)) return false;
    const { gapMs } = invocations;
    if (gapMs === 0) return live.length >= config.observers.length;
    return config.observers.every((one) => engine.nowMs - invocations.watchedAtMs(one) <= gapMs);
  }

  #isSecondMaster(id: string): boolean {
    const world = this.#world;
    const state = world.state();
    const node = world.nodes.get(id);
    if (state === null || node === undefined || id === state.master?.node) return false;
    if (this.#mayBeToHold(state, id)) return false;
    return node.role === "master" && this.#isPlain(id) && isOurs(state, node.facts());
  }

  /**
   * Where an old master is to be held and refuses us at its own address, nobody can tell that this is another (S9). What it
   * says over a connection, that it loads or runs a script, does tell them apart.
   */
  #mayBeToHold({ previousMaster, configVersion }: GroupState, id: string): boolean {
    const { nodes, store } = this.#world;
    const config = store.configs.find(({ version }) => version === configVersion);
    if (config?.settings.whenReturned !== "hold" || previousMaster === null) return false;
    const old = nodes.get(previousMaster.node);
    return old !== undefined && old.id !== id && old.isServing && greetingBy(old) !== null;
  }

  /** Up, well, and in everybody's reach. */
  #isPlain(id: string): boolean {
    const world = this.#world;
    const node = world.nodes.get(id);
    if (node === undefined || !node.isServing || node.isLoading || node.ailments.size > 0)
      return false;
    return !node.isDisplaced && isInReach(world, id);
  }
}

import type { GroupConfig } from "../../lib/core/config.ts";
import { type GroupState, keysBesideMarker, type NodeFacts } from "../../lib/core/model.ts";
import type { Process } from "./engine.ts";
import { isForkOf, type Leaving } from "./leaving.ts";
import type { RoleCommand } from "./role-command.ts";
import type { Sight } from "./sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { Violation } from "./violation.ts";

/** Where nobody listens: what a held node is made a replica of. */
const nowhere = "127.0.0.1:1";

/** What a held node was when it was made read-only. */
interface Fenced {
  readonly runId: string;
  readonly values: ReadonlySet<number>;
  readonly atMs: number;
}

/** What a process knows as its effect leaves. */
interface Told {
  readonly known: ReadonlyMap<string, GroupState>;
  readonly configs: readonly GroupConfig[];
}

/**
 * S9, `whenReturned: hold`. A returned master that has what its successor lacks is held before anybody makes it that one's
 * replica. Whoever knows that a node is held makes it nobody's replica. From then on it takes no write, is given no other
 * role and keeps what it has: until STATE lets it go, it is started again, or somebody changes roles by hand. One that is
 * started again as a master is a second master like any other, for which `fencing.ts` has a bound.
 */
export class Holding {
  readonly #sight: Sight;
  readonly #fenced = new Map<string, Fenced>();

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  onState(before: GroupState | null, after: GroupState): void {
    const { candidate, kept } = after;
    if (candidate !== null && kept.includes(candidate.node))
      throw new Violation("S7", `${candidate.node} is chosen and is held for inspection`);
    for (const id of before?.kept ?? []) {
      if (kept.includes(id)) continue;
      this.#checkWhole(id);
      this.#fenced.delete(id);
    }
  }

  /** Whoever lets go finds what there was when the node was made read-only. */
  #checkWhole(id: string): void {
    const fenced = this.#standing(id);
    const has = this.#sight.nodes.get(id)?.values();
    if (fenced === null || has === undefined) return;
    const lost = [...fenced.values].find((value) => !has.has(value));
    if (lost === undefined && has.size === fenced.values.size) return;
    throw new Violation("S9", `${id} was held, and lost or took ${lost ?? "something"} meanwhile`);
  }

  /** The same process, which nobody has laid hands on since. */
  #standing(id: string): Fenced | null {
    const fenced = this.#fenced.get(id);
    const node = this.#sight.nodes.get(id);
    if (fenced === undefined || node?.runId !== fenced.runId) return null;
    return this.#sight.troubles.changedByHandAtMs >= fenced.atMs ? null : fenced;
  }

  onEffect({ name }: Process, leaving: Leaving, told: Told): void {
    if (leaving.change !== "attach" || leaving.to === nowhere) return;
    const state = told.known.get(name);
    if (state === undefined) return;
    const { node, seen } = leaving;
    if (state.kept.includes(node))
      throw new Violation("S9", `${name} attaches ${node} to ${leaving.to} and knows it is held`);
    const config = told.configs.find((one) => one.version === state.configVersion);
    const isOld = state.previousMaster?.node === node && seen.facts?.role === "master";
    if (config?.settings.whenReturned !== "hold" || !isOld || mayBeAttached(state, seen.facts))
      return;
    const lost = this.#onlyOn(node, state.master?.node ?? "");
    if (lost === undefined) return;
    throw new Violation("S9", `${name} attaches ${node}, which alone has the acknowledged ${lost}`);
  }

  #onlyOn(old: string, master: string): number | undefined {
    const { nodes, acknowledged } = this.#sight;
    const kept = nodes.get(master)?.values();
    const held = nodes.get(old)?.values() ?? [];
    return [...held].find((value) => acknowledged.get(value) === old && kept?.has(value) !== true);
  }

  onRoleChange(node: SimRedis, { kind, to, by }: RoleCommand, state: GroupState | null): void {
    const isHeld = state?.kept.includes(node.id) ?? false;
    if (kind === "attach" && to === nowhere) {
      const atMs = this.#sight.now();
      if (isHeld) this.#fenced.set(node.id, { runId: node.runId, values: node.values(), atMs });
      return;
    }
    // Being made read-only cut every connection that a command from before could come over.
    if (!isHeld || this.#standing(node.id) === null) return;
    throw new Violation("S9", `${by} changes the role of ${node.id} (${kind}), which is held`);
  }

  onAccepted(node: SimRedis): void {
    if (this.#standing(node.id) === null) return;
    throw new Violation("S9", `${node.id} is held and took a client's write`);
  }

  /** The item was put back to an older one, which may hold others. */
  onReplaced(): void {
    this.#fenced.clear();
  }
}

/**
 * Whether what it said rules out that it alone has something: it is empty, or came no further than its successor did. What
 * it was asked earlier is no word on what the same process took since.
 */
function mayBeAttached(state: GroupState, facts: NodeFacts): boolean {
  const { previousMaster, lastEpoch, master, masterEpoch } = state;
  if (keysBesideMarker(facts) === 0) return true;
  const isItself = previousMaster?.runId === facts.runId && previousMaster.replid === facts.replid;
  if (isItself)
    return isForkOf(previousMaster, master) && facts.offset < (master?.secondOffset ?? 0);
  const loss = lastEpoch?.epoch === masterEpoch ? lastEpoch.loss : null;
  return loss?.certainty === "exact" && loss.bytes === 0;
}

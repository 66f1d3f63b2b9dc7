import type { GroupState, MasterRecord } from "../../lib/core/model.ts";
import { parseCompanion, type RecordSet } from "../../lib/core/records.ts";
import type { RoleCommand } from "./role-command.ts";
import type { Sight } from "./sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { noticedMs } from "./troubles.ts";
import { Violation } from "./violation.ts";

/** S18: a batch of this deployment never touches records whose companion names another owner. */
export function checkOwner(standing: readonly RecordSet[], deployment: string): void {
  for (const { type, values } of standing) {
    const owner = type === "TXT" ? parseCompanion(values[0] ?? "") : null;
    if (owner === null || owner.deployment === deployment) continue;
    throw new Violation("S18", `records of the deployment ${owner.deployment} were changed`);
  }
}

/**
 * Whether what the server at the master's address holds is none of the group's, and nothing shows that it is: it began from
 * nothing, as another's, or by an RDB older than the group's marker. No node says where its data began. An observer can know
 * it for the group's by these alone: the marker, a run or a history that STATE names, or that it holds nothing at all.
 */
export function holdsAnothers({ master, histories }: GroupState, node: SimRedis): boolean {
  const isKnown = histories.some((id) => id === node.replid || id === node.replid2);
  if (isKnown || master?.runId === node.runId) return false;
  if (node.marker() !== null || node.stream.keys === 0) return false;
  return node.stream.beganApart || node.stream.predatesMarker;
}

/**
 * S18, N18: no role is ever changed of a server that is somebody else's, and none is recorded as the master while another
 * node has what the group had, if its marker was seen. Otherwise one that took the master's own address and holds as much
 * as any replica is recorded with another data set, and people are called (rule R710); so is the data of one that people
 * made the master's master by hand. From then on nothing tells it from the group's.
 */
export class Strangers {
  readonly #nodes: ReadonlyMap<string, SimRedis>;
  readonly #sight: Pick<Sight, "nodes" | "troubles" | "now">;
  readonly #adopted = new Set<SimRedis>();
  readonly #histories = new Set<string>();
  /** Who held the group's marker as a write left that records another's server as the master, by the write's attempt. */
  readonly #holders = new Map<string, string | null>();

  /** `sight`: the nodes that the group knows of, which may be fewer. */
  constructor(
    nodes: ReadonlyMap<string, SimRedis>,
    sight: Pick<Sight, "nodes" | "troubles" | "now">,
  ) {
    this.#nodes = nodes;
    this.#sight = sight;
  }

  onState(before: GroupState | null, after: GroupState): void {
    const { master } = after;
    if (master === null) return;
    this.#checkMaster(before?.master ?? null, after);
    for (const node of this.#nodes.values()) {
      if (!node.isDisplaced) continue;
      // One that was started again is still known by the history that it had.
      const histories = [node.stream.replid, node.stream.replid2].filter((id) => id !== null);
      const isShared = histories.some((id) => [master.replid, master.replid2].includes(id));
      if (!isShared) continue;
      this.#adopted.add(node);
      for (const id of histories) this.#histories.add(id);
    }
  }

  /** Whether what is recorded is another's data by now: then the group's own server is the other one. */
  isAnothers(master: MasterRecord | null): boolean {
    return master !== null && this.#histories.has(master.replid);
  }

  /**
   * A write is held against how things were as it first left its process: it may be applied long after, when somebody has
   * come back with the marker, and others have copied it from there.
   */
  onSent({ master, attempts: [attempt] }: GroupState): void {
    if (attempt === undefined || this.#holders.has(attempt) || !this.#isStranger(master)) return;
    const { nodes, troubles, now } = this.#sight;
    // Nor need the decision's evidence show who came back just before.
    const holder = [...nodes.values()].find(
      (one) =>
        !one.isDisplaced &&
        one.marker() !== null &&
        now() - troubles.changedAtMs(one.id) > noticedMs,
    );
    this.#holders.set(attempt, holder?.id ?? null);
  }

  /** Whether the process that is recorded is another's, and nobody has made it the group's yet. */
  #isStranger(master: MasterRecord | null): master is MasterRecord {
    const node = this.#nodes.get(master?.node ?? "");
    if (node === undefined || !node.isDisplaced || this.#adopted.has(node)) return false;
    return master?.runId === node.runId;
  }

  #checkMaster(before: MasterRecord | null, { master, attempts: [attempt] }: GroupState): void {
    if (!this.#isStranger(master) || before?.node !== master.node || !before.isMarked) return;
    const holder = this.#holders.get(attempt ?? "") ?? null;
    if (holder === null) return;
    const what = `and ${holder} held the group's marker`;
    throw new Violation(
      "N18",
      `another's server at ${master.node} is recorded as the master, ${what}`,
    );
  }

  onRoleChange(node: SimRedis, { kind, by }: RoleCommand): void {
    if (!node.isDisplaced) this.#adopted.delete(node);
    if (!node.isDisplaced || this.#adopted.has(node)) return;
    throw new Violation(
      "S18",
      `${by} changed the role of another's server at ${node.id} (${kind})`,
    );
  }
}

import type { GroupState } from "../../lib/core/model.ts";
import { parseCompanion, type RecordSet } from "../../lib/core/records.ts";
import type { RoleCommand, SimRedis } from "./sim-redis.ts";
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
 * S18, N18: no role is ever changed of a server that is somebody else's. One that took the master's own address and holds
 * as much as any replica is recorded as the master with another data set, and people are called (rule R710); so is the
 * data of one that people made the master's master by hand. From then on nothing tells it from the group's.
 */
export class Strangers {
  readonly #nodes: ReadonlyMap<string, SimRedis>;
  readonly #adopted = new Set<SimRedis>();

  constructor(nodes: ReadonlyMap<string, SimRedis>) {
    this.#nodes = nodes;
  }

  onState({ master }: GroupState): void {
    if (master === null) return;
    for (const node of this.#nodes.values()) {
      if (!node.isDisplaced) continue;
      // One that was started again is still known by the history that it had.
      const histories = [node.stream.replid, node.stream.replid2].filter((id) => id !== null);
      const isShared = histories.some((id) => [master.replid, master.replid2].includes(id));
      if (isShared) this.#adopted.add(node);
    }
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

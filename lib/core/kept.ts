import type { WriteState } from "./commands.ts";
import type { Address, NodeId } from "./config.ts";
import { type SentinelEvent, warning } from "./events.ts";
import type { GroupState, NodeFacts } from "./model.ts";
import { type Writer, write } from "./state-write.ts";

/**
 * A returned master that keeps what it has (`whenReturned: hold`): a replica of an address where nobody listens takes no
 * writes, and its data stays until it finds a master (test/conformance/role-suite.ts).
 */

/** Of each server itself, and below what any server listens on without the rights of root. */
export const nobody: Address = { host: "127.0.0.1", port: 1 };

export function isKept({ kept }: Pick<GroupState, "kept">, node: NodeId): boolean {
  return kept.includes(node);
}

export function followsNobody({ masterHost, masterPort }: NodeFacts): boolean {
  return masterHost === nobody.host && masterPort === nobody.port;
}

export function keep(state: GroupState, node: NodeId, writer: Writer): WriteState {
  return write(state, { kept: [...state.kept, node] }, writer);
}

/** Its data is gone with the synchronisation that follows. */
export function letGo(state: GroupState, node: NodeId, writer: Writer): WriteState {
  return write(state, { kept: state.kept.filter((one) => one !== node) }, writer);
}

/** The command line tells nobody by itself, so whoever reads of it does. */
export function releases(
  before: GroupState | null | undefined,
  after: GroupState | null | undefined,
): readonly SentinelEvent[] {
  if (before == null || after == null || after.removed !== null) return [];
  const gone = before.kept.filter((node) => !isKept(after, node));
  return gone.map((node) =>
    warning("-held", `${node} was released, and follows ${after.master?.node} from now on`, {
      node,
    }),
  );
}

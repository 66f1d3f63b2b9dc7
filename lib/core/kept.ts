import type { WriteState } from "./commands.ts";
import type { Address, GroupConfig, NodeId } from "./config.ts";
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

/** Without those that are held: what they hold is no copy of the master's, so nobody is sent there to read. */
export function withoutKept(config: GroupConfig, state: Pick<GroupState, "kept">): GroupConfig {
  return { ...config, nodes: config.nodes.filter(({ id }) => !isKept(state, id)) };
}

export function keep(state: GroupState, node: NodeId, writer: Writer): WriteState {
  return write(state, { kept: [...state.kept, node] }, writer);
}

/** Its data is gone with the synchronisation that follows. Nobody waits for it any more, so it is not held again. */
export function letGo(state: GroupState, node: NodeId, writer: Writer): WriteState {
  const { kept, previousMaster } = state;
  return write(
    state,
    {
      kept: kept.filter((one) => one !== node),
      previousMaster: previousMaster?.node === node ? null : previousMaster,
    },
    writer,
  );
}

/** The command line tells nobody by itself, so whoever reads of it does. */
export function releases(
  before: GroupState | null | undefined,
  after: GroupState | null | undefined,
): readonly SentinelEvent[] {
  if (before == null || after == null || after.removed !== null) return [];
  const gone = before.kept.filter((node) => !isKept(after, node));
  return gone.map((node) => {
    const entry = after.log.findLast(
      ({ rev, rule, why }) =>
        rev > before.rev && ["release", "R727"].includes(rule) && why.split(" ").includes(node),
    );
    const why = entry?.why ?? `${node} is not held any more`;
    return warning("-held", why, { node });
  });
}

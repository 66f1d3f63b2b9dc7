import { assertNever } from "./assert-never.ts";
import { formatAddress, type GroupConfig, type NodeId } from "./config.ts";
import type { EpochResult, GroupState, MasterRecord } from "./model.ts";
import type { OperatorRequest } from "./requests.ts";

/** Nodes that stay where they are under another name: the old name → the new one (ADR 0011). */
export type Renames = ReadonlyMap<NodeId, NodeId>;

export const noRenames: Renames = new Map();

type Nodes = Pick<GroupConfig, "nodes">;

/** A name that both lists have is the same node, wherever it is; only of the others the address tells who they are. */
export function renamesBetween(before: Nodes, after: Nodes): Renames {
  const lacks = ({ nodes }: Nodes, id: NodeId) => nodes.every((node) => node.id !== id);
  const fresh = new Map(
    after.nodes
      .filter(({ id }) => lacks(before, id))
      .map(({ id, probe }) => [formatAddress(probe), id] as const),
  );
  return new Map(
    before.nodes.flatMap(({ id, probe }) => {
      const name = lacks(after, id) ? fresh.get(formatAddress(probe)) : undefined;
      return name === undefined ? [] : [[id, name] as const];
    }),
  );
}

/** Everything in STATE that calls nodes by their names, for the phases in which there is no candidate. */
export function renameIn(state: GroupState, renames: Renames): Partial<GroupState> {
  if (renames.size === 0) return {};
  const name = (id: NodeId): NodeId => renames.get(id) ?? id;
  const { master, previousMaster, published, lastEpoch, request, kept } = state;
  return {
    master: renameMaster(master, name),
    previousMaster: renameMaster(previousMaster, name),
    published: published === null ? null : { ...published, node: name(published.node) },
    lastEpoch: renameEpoch(lastEpoch, name),
    request: renameRequest(request, name),
    kept: kept.map(name),
  };
}

type Name = (id: NodeId) => NodeId;

function renameMaster(record: MasterRecord | null, name: Name): MasterRecord | null {
  return record === null ? null : { ...record, node: name(record.node) };
}

function renameEpoch(result: EpochResult | null, name: Name): EpochResult | null {
  if (result === null) return null;
  const from = result.from === null ? null : name(result.from);
  return { ...result, from, to: name(result.to) };
}

function renameRequest(request: OperatorRequest | null, name: Name): OperatorRequest | null {
  switch (request?.kind) {
    case "failover":
    case "switchover":
      return { ...request, to: request.to === null ? null : name(request.to) };
    case "forget":
    case "notify-test":
    case undefined:
      return request;
    default:
      return assertNever(request);
  }
}

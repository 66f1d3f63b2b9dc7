import { findByReplicate, formatAddress, type GroupConfig } from "../core/config.ts";
import { isDiscovered, nodeAt, withDiscovered } from "../core/discovered.ts";
import type { GroupState } from "../core/model.ts";
import { noRenames, type Renames, renamesBetween } from "../core/renames.ts";

/** What a file does to the nodes that STATE knows, its master before all (ADR 0011). */

type Nodes = Pick<GroupConfig, "nodes">;

/** The version that STATE names, as the file had it; null: none is in force. */
export function inForce(
  configs: readonly GroupConfig[],
  state: GroupState | null | undefined,
): GroupConfig | null {
  if (state == null || state.removed !== null) return null;
  const { group, configVersion } = state;
  return configs.find((one) => one.name === group && one.version === configVersion) ?? null;
}

/** Who is called otherwise than before, and is where it was; what was discovered is called by its address. */
export function renamesIn(
  { nodes }: Nodes,
  state: GroupState,
  before: GroupConfig | null,
): Renames {
  return before === null ? noRenames : renamesBetween(withDiscovered(before, state), { nodes });
}

/** Why a list would leave the group without its master; null: it doesn't. */
export function whyMasterLost(
  draft: Nodes,
  state: GroupState | null | undefined,
  before: GroupConfig | null,
): string | null {
  const master = state?.master?.node;
  if (state == null || master === undefined) return null;
  if (draft.nodes.find((node) => node.id === master) !== undefined) return null;
  if (renamesIn(draft, state, before).has(master)) return null;
  const expected = `expected the group to keep its master ${master}`;
  const found = state.discovered.map(nodeAt).find(({ id }) => id === master);
  const other =
    draft.nodes.find((node) => formatAddress(node.replicate) === master) ??
    (found === undefined
      ? undefined
      : findByReplicate(draft, found.replicate.host, found.replicate.port));
  if (other !== undefined) {
    return `${expected}, got it under another name, ${other.id}; fail over to another node first`;
  }
  // Found by the observers, it stays as that.
  if (isDiscovered(state, master)) return null;
  const hint = draft.nodes.some((node) => node.id !== formatAddress(node.probe))
    ? ", or name it where it is, and move it by the next apply"
    : "";
  return `${expected}, got a list without it; fail over to another node first${hint}`;
}

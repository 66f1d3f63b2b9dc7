import type { WriteState } from "./commands.ts";
import {
  type Address,
  findByReplicate,
  formatAddress,
  type GroupConfig,
  type NodeConfig,
} from "./config.ts";
import type { GroupState } from "./model.ts";
import { type Writer, write } from "./state-write.ts";

/**
 * Nodes that no file names. STATE holds them, and only a write of STATE in phase steady, with no round open, changes who
 * they are: all votes of a round, and the claim that counts them, are of one list (ADR 0009).
 */

/** As many as STATE has room for beside everything else; a node that is found beyond them is told, and not taken. */
export const discoveredMax = 20;

/** Where a replica announces itself it is probed, replicated from and published. What has several addresses needs the file. */
export function nodeAt(address: Address): NodeConfig {
  const { host, port } = address;
  const one = { host, port };
  return { id: formatAddress(one), probe: one, replicate: one, publish: one };
}

/** The one place that says which nodes a group has: those of CONFIG, and those of STATE that it does not name itself. */
export function withDiscovered(
  config: GroupConfig,
  state: Pick<GroupState, "discovered"> | null | undefined,
): GroupConfig {
  const found = (state?.discovered ?? [])
    .map(nodeAt)
    .filter(({ probe: { host, port } }) => findByReplicate(config, host, port) === undefined);
  return found.length === 0 ? config : { ...config, nodes: [...config.nodes, ...found] };
}

export function isDiscovered(state: Pick<GroupState, "discovered">, node: string): boolean {
  return state.discovered.some((address) => formatAddress(address) === node);
}

export function discover(state: GroupState, found: readonly Address[], writer: Writer): WriteState {
  return write(state, { discovered: [...state.discovered, ...found] }, writer);
}

/** The request that asked for it is done; where nobody asked, none stands. */
export function forget(state: GroupState, nodes: readonly string[], writer: Writer): WriteState {
  const discovered = state.discovered.filter((one) => !nodes.includes(formatAddress(one)));
  const request = state.request?.kind === "forget" ? null : state.request;
  return write(state, { discovered, request }, writer);
}

import type { GroupConfig, NodeId } from "../../lib/core/config.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { StoredEvent } from "../../lib/ports/store.ts";

/** What the table holds beside the protocol's own items: configurations, who owns which node, copies of events. */
export class SimRegistry {
  readonly configs: GroupConfig[] = [];
  readonly #owners = new Map<NodeId, string>();
  #events: StoredEvent[] = [];

  /** Newest first within a group. */
  listConfigs(): readonly GroupConfig[] {
    return [...this.configs].sort((a, b) => {
      if (a.name !== b.name) return a.name < b.name ? 1 : -1;
      return b.version - a.version;
    });
  }

  findConfig(group: string, version: number): GroupConfig | null {
    return this.configs.find((one) => one.name === group && one.version === version) ?? null;
  }

  /** Immutable (protocol F11). */
  putConfig(config: GroupConfig): Result<void> {
    if (this.findConfig(config.name, config.version) !== null) {
      return failure("refused", `CONFIG ${config.name}#${config.version} exists already`);
    }
    this.configs.push(config);
    return success(undefined);
  }

  deleteConfig(group: string, version: number): void {
    const index = this.configs.findIndex((one) => one.name === group && one.version === version);
    if (index >= 0) this.configs.splice(index, 1);
  }

  claimNode(node: NodeId, group: string): { readonly owner: string } {
    const owner = this.#owners.get(node) ?? group;
    this.#owners.set(node, owner);
    return { owner };
  }

  releaseNode(node: NodeId, group: string): void {
    if (this.#owners.get(node) === group) this.#owners.delete(node);
  }

  /** At least once: the same event again is the same item. */
  appendEvent(event: StoredEvent): void {
    const others = this.#events.filter((one) => one.group !== event.group || one.id !== event.id);
    this.#events = [...others, event];
  }

  newestEvents(group: string): readonly StoredEvent[] {
    const own = this.#events.filter((event) => event.group === group);
    return own.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  pruneEvents(group: string, kept: number): void {
    const old = new Set(this.newestEvents(group).slice(kept));
    this.#events = this.#events.filter((event) => !old.has(event));
  }
}

import type { NodeFacts } from "../core/model.ts";

/** What is known of a group's nodes, as far as it tells who they are. */
type Known = Readonly<Record<string, { readonly facts: Pick<NodeFacts, "runId"> | null }>>;

/**
 * Which groups' nodes have told which run id. Every look of every group asks for its own ones among the others', and with
 * hundreds of groups going through all of them was the dearest part of a look.
 */
export class RunIds {
  readonly #groupsOf = new Map<string, Set<string>>();
  readonly #toldBy = new Map<string, readonly string[]>();

  /** What a group's watch knows now, instead of what it knew before. */
  tell(group: string, nodes: Known): void {
    const now = Object.values(nodes).flatMap(({ facts }) => facts?.runId ?? []);
    const before = this.#toldBy.get(group) ?? [];
    if (now.length === before.length && now.every((id, index) => id === before[index])) return;
    this.forget(group);
    this.#toldBy.set(group, now);
    for (const id of now) {
      const groups = this.#groupsOf.get(id) ?? new Set();
      this.#groupsOf.set(id, groups.add(group));
    }
  }

  /** The group is gone, and its servers are anybody's. */
  forget(group: string): void {
    for (const id of this.#toldBy.get(group) ?? []) {
      const groups = this.#groupsOf.get(id);
      groups?.delete(group);
      if (groups?.size === 0) this.#groupsOf.delete(id);
    }
    this.#toldBy.delete(group);
  }

  groupsWith(runIds: Iterable<string>): readonly string[] {
    return [...runIds].flatMap((id) => [...(this.#groupsOf.get(id) ?? [])]);
  }
}

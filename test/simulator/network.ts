/** What an observer asks where the nodes are. A process that has reached a node once goes on with its address. */
export const resolver = "resolver";

/** Whether an observer has a way to a node that it has not reached before. */
export function reaches(network: Pick<Cuts, "isCut">, observer: string, node: string): boolean {
  return !network.isCut(observer, node) && !network.isCut(observer, resolver);
}

/** Whether every observer of a world has a way to a node. */
export function isInReach(
  world: Pick<Cuts, "isCut"> & { readonly config: { readonly observers: readonly string[] } },
  node: string,
): boolean {
  return world.config.observers.every((observer) => reaches(world, observer, node));
}

/** Who can't reach whom: pairs of observers, nodes and clients by name, both ways. What was sent waits for the heal. */
export class Cuts {
  readonly #cut = new Set<string>();
  /** Of the pairs that are cut: who is not heard by the other, and hears it all the same. */
  readonly #unheard = new Map<string, string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  isCut(one: string, other: string): boolean {
    // Asked with every message, and nearly always nothing is cut.
    return this.#cut.size > 0 && this.#cut.has(pair(one, other));
  }

  /** Whether what `from` sends does not arrive. */
  isLost(from: string, to: string): boolean {
    if (!this.isCut(from, to)) return false;
    const unheard = this.#unheard.get(pair(from, to));
    return unheard === undefined || unheard === from;
  }

  cut(one: string, other: string, how: "both-ways" | "one-way" = "both-ways"): void {
    this.#cut.add(pair(one, other));
    if (how === "one-way") this.#unheard.set(pair(one, other), one);
  }

  heal(one: string, other: string): void {
    const key = pair(one, other);
    this.#cut.delete(key);
    this.#unheard.delete(key);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const action of waiting) action();
  }

  /** Every pair that is cut now. */
  all(): readonly (readonly [string, string])[] {
    return [...this.#cut].map((key) => {
      const [one = "", other = ""] = key.split("|");
      return [one, other];
    });
  }

  onHeal(one: string, other: string, action: () => void): void {
    const key = pair(one, other);
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), action]);
  }
}

function pair(one: string, other: string): string {
  return one < other ? `${one}|${other}` : `${other}|${one}`;
}

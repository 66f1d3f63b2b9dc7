/** Lets one piece of work at a time run for each key, in the order in which they asked. */
export class KeyLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs the work while it holds every key; taken in order, so that no two wait for each other. */
  async runWithAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].sort();
    if (first === undefined) return await work();
    return await this.#run(first, () => this.runWithAll(rest, work));
  }

  async #run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const tail = before.then(() => finished);
    this.#tails.set(key, tail);
    await before;
    try {
      return await work();
    } finally {
      finish();
      // The last in the queue removes it, so that the map doesn't grow with every key ever written.
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

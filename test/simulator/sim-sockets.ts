const noNews = (): void => {};

interface Waiting {
  readonly action: () => void;
  readonly onDeath: () => void;
}

/** A server's sockets: connections that a role change or a death cuts, and bytes that wait while the process is stopped. */
export class Sockets {
  /** Connections opened before the last cut are gone. */
  generation = 0;
  #onCut = new Set<() => void>();
  #waiting: Waiting[] = [];

  /** Calls back once, when the server cuts the connections that stand now. Returns how to call it off. */
  onceCut(listener: () => void): () => void {
    this.#onCut.add(listener);
    return () => this.#onCut.delete(listener);
  }

  cut(): void {
    this.generation += 1;
    const listeners = this.#onCut;
    this.#onCut = new Set();
    for (const listener of listeners) listener();
  }

  /** Keeps what has come for a stopped process. `onDeath` is called instead when the process dies before it reads it. */
  wait(action: () => void, onDeath: () => void = noNews): void {
    this.#waiting.push({ action, onDeath });
  }

  /** Everything that waited, in the order in which it came. */
  takeWaiting(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

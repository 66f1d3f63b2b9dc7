/** Probes, time-outs and the network's delay have long passed after this. */
export const quietMinMs = 20_000;
/** An observer that watches has asked every node again within this time. */
export const noticedMs = 4_000;

/** When something last befell a node: a kill, a hang, a cut, a heal, a role change. Whoever judges makes allowance for it. */
export class Troubles {
  readonly #now: () => number;
  readonly #awayAtMs = new Map<string, number>();
  readonly #befellAtMs = new Map<string, number>();
  #changedByHandAtMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  trouble(...nodes: readonly string[]): void {
    this.obstruct(...nodes);
    this.touch(...nodes);
  }

  /** Something that leaves a server alive: an ailment, a role change. */
  touch(...nodes: readonly string[]): void {
    for (const node of nodes) this.#befellAtMs.set(node, this.#now());
  }

  /** Something came between a node and an observer. */
  obstruct(...nodes: readonly string[]): void {
    for (const node of nodes) this.#awayAtMs.set(node, this.#now());
  }

  /** Somebody changes a role by hand: no promise covers what follows, on any node. */
  changeByHand(...nodes: readonly string[]): void {
    this.trouble(...nodes);
    this.#changedByHandAtMs = this.#now();
  }

  get changedByHandAtMs(): number {
    return this.#changedByHandAtMs;
  }

  /** Of a node, or between it and an observer. */
  changedAtMs(node: string): number {
    return Math.max(this.awayAtMs(node), this.befellAtMs(node));
  }

  /** Without what leaves it alive, and answering: an ailment is no excuse for a failover (faults N6 to N10). */
  awayAtMs(node: string): number {
    return this.#awayAtMs.get(node) ?? 0;
  }

  /** Without the links between nodes and observers: what servers and clients feel. */
  befellAtMs(node: string): number {
    return this.#befellAtMs.get(node) ?? 0;
  }
}

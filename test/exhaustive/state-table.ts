import type { Packed } from "./world.ts";

/**
 * The visited states: each once, exactly, with the state it was first reached from. Millions of them fit because a
 * state is a row of small numbers.
 */
export class StateTable {
  readonly #width: number;
  #rows: Int32Array;
  #parents: Int32Array;
  /** Open addressing; 0 is free, otherwise the row's index plus one. */
  #slots: Int32Array;
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#rows = new Int32Array(1024 * width);
    this.#parents = new Int32Array(1024);
    this.#slots = new Int32Array(4096);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a state; false when it was there. */
  add(state: Packed, parent: number): boolean {
    const mask = this.#slots.length - 1;
    let slot = hashOf(state) & mask;
    for (;;) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (row < 0) break;
      if (this.#isAt(row, state)) return false;
      slot = (slot + 1) & mask;
    }
    this.#append(state, parent);
    this.#slots[slot] = this.#size;
    if (this.#size * 2 > this.#slots.length) this.#spread();
    return true;
  }

  get(row: number): Packed {
    return [...this.#rows.subarray(row * this.#width, (row + 1) * this.#width)];
  }

  parentOf(row: number): number {
    return this.#parents[row] ?? -1;
  }

  #isAt(row: number, state: Packed): boolean {
    const start = row * this.#width;
    for (let index = 0; index < this.#width; index += 1) {
      if (this.#rows[start + index] !== state[index]) return false;
    }
    return true;
  }

  #append(state: Packed, parent: number): void {
    if ((this.#size + 1) * this.#width > this.#rows.length) {
      this.#rows = grown(this.#rows);
      this.#parents = grown(this.#parents);
    }
    this.#rows.set(state, this.#size * this.#width);
    this.#parents[this.#size] = parent;
    this.#size += 1;
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let row = 0; row < this.#size; row += 1) {
      let slot = hashOf(this.#rows.subarray(row * this.#width, (row + 1) * this.#width)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = row + 1;
    }
  }
}

function grown(array: Int32Array): Int32Array {
  const next = new Int32Array(array.length * 2);
  next.set(array);
  return next;
}

/** Mixes the numbers of a row (the steps of MurmurHash3). */
function hashOf(state: ArrayLike<number>): number {
  let hash = 0;
  for (let index = 0; index < state.length; index += 1) {
    let part = Math.imul(state[index] ?? 0, 0xcc9e2d51);
    part = Math.imul((part << 15) | (part >>> 17), 0x1b873593);
    hash ^= part;
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

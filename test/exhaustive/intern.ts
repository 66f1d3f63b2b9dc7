import { hash } from "node:crypto";

/** Gives equal values one number, and the value back for the number. Equal is: the same JSON. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];

  get size(): number {
    return this.#values.length;
  }

  idOf(value: T): number {
    const text = JSON.stringify(value);
    // A long text is remembered by its hash alone: 160 bits, so that no two of them ever meet by chance.
    const key = text.length > 64 ? hash("sha1", text, "base64") : text;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#values.push(value);
    this.#ids.set(key, id);
    return id;
  }

  valueOf(id: number): T {
    const value = this.#values[id];
    if (value === undefined) throw new Error(`nothing has the number ${id}`);
    return value;
  }
}

import type { Keeping } from "../../lib/shift/recall.ts";
import type { CodeVersion } from "./sim-store.ts";

/**
 * What functions run in: each one shift at a time, and the one that was free last is taken first, so that others sleep for
 * long and are woken with what they knew. One that crashes is not given back, and new code has none of the old code's.
 */
export class Sandboxes {
  readonly #free = new Map<string, Keeping[]>();

  take(observer: string, code: CodeVersion): Keeping {
    return this.#free.get(`${observer} ${code}`)?.pop() ?? { recall: null };
  }

  giveBack(observer: string, code: CodeVersion, sandbox: Keeping): void {
    const key = `${observer} ${code}`;
    this.#free.set(key, [...(this.#free.get(key) ?? []), sandbox]);
  }
}

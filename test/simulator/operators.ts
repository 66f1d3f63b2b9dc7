import type { GroupState } from "../../lib/core/model.ts";
import { activateConfig, pause, request, resume, type Writer } from "../../lib/core/state.ts";
import { groupName, simConfig } from "./group-config.ts";
import type { SimStore } from "./sim-store.ts";

/**
 * People at the table: what the command line writes there, and what happens to tables. Each answers what it would do
 * now, or null when it has no meaning now.
 */
export class Operators {
  readonly #store: SimStore;
  readonly #groupLines: readonly string[];
  readonly #observers: readonly string[];
  #operations = 0;
  #backup: GroupState | null = null;

  constructor(store: SimStore, groupLines: readonly string[], observers: readonly string[]) {
    this.#observers = observers;
    this.#store = store;
    this.#groupLines = groupLines;
  }

  get #state(): GroupState | null {
    return this.#store.states.get(groupName) ?? null;
  }

  pause(): (() => void) | null {
    const state = this.#state;
    if (state === null || state.pause !== null) return null;
    return () => this.#put(pause(state, "sim", "drill", this.#writer("pause")).next);
  }

  resume(): (() => void) | null {
    const state = this.#state;
    if (state === null || state.pause === null) return null;
    return () => this.#put(resume(state, this.#writer("resume")).next);
  }

  askFailover(): (() => void) | null {
    const state = this.#state;
    if (state === null || state.request !== null || state.phase !== "steady") return null;
    const asked = { kind: "failover", by: "sim" } as const;
    return () => this.#put(request(state, asked, this.#writer("asked")).next);
  }

  /** A new version of the configuration; it becomes the active one in steady only, as `apply` would wait for it. */
  apply(setting: string, value: string): () => void {
    const version = Math.max(...this.#store.configs.map((one) => one.version)) + 1;
    return () => {
      const lines = [...this.#groupLines, `${setting}: ${value}`];
      this.#store.configs.push(simConfig(lines, version, this.#observers));
      const state = this.#state;
      if (state?.phase !== "steady") return;
      this.#put(activateConfig(state, version, this.#writer(`version ${version}`)).next);
    };
  }

  backup(): (() => void) | null {
    const state = this.#state;
    if (state === null) return null;
    return () => {
      this.#backup = state;
    };
  }

  /** The item as it was, without a word to anybody. */
  restore(): (() => void) | null {
    const backup = this.#backup;
    return backup === null ? null : () => this.#store.states.set(groupName, backup);
  }

  /** Another deployment's item stands where ours was. */
  takeOver(): (() => void) | null {
    const state = this.#state;
    if (state === null) return null;
    return () => this.#store.states.set(groupName, { ...state, deployment: "another" });
  }

  #put(next: GroupState): void {
    this.#store.putNow(next, "operator");
  }

  #writer(why: string): Writer {
    this.#operations += 1;
    return { attempt: `operator-${this.#operations}`, shift: "operator", rule: "cli", why };
  }
}

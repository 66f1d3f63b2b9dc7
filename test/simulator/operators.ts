import { acknowledge, unacknowledgedEpoch } from "../../lib/core/cool-down.ts";
import { isKept, letGo } from "../../lib/core/kept.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { ReplaceRequest } from "../../lib/core/requests.ts";
import {
  activateConfig,
  noWishes,
  pause,
  request,
  resume,
  type Writer,
} from "../../lib/core/state.ts";
import { askForMaster } from "../../lib/core/state-adoption.ts";
import { removeGroup, reviveGroup } from "../../lib/core/state-removal.ts";
import { groupName, simConfig } from "./group-config.ts";
import type { SimStore, Snapshot } from "./sim-store.ts";

/** Where none of the group's nodes is. */
export const strangerNode = "10.0.9.9:6379";

/**
 * People at the table: what the command line writes there, and what happens to tables. Each answers what it would do
 * now, or null when it has no meaning now.
 */
export class Operators {
  readonly #store: SimStore;
  readonly #groupLines: readonly string[];
  readonly #observers: readonly string[];
  #operations = 0;
  #backup: Snapshot | null = null;
  /** What a restore has overwritten, until people mend it. */
  #overwritten: Snapshot | null = null;
  #wasRestored = false;
  /** The item before somebody edited it by hand. */
  #edited: GroupState | null = null;
  readonly #onReplaced: () => void;

  /** `onReplaced` is told when the group's item became another one without a write of its own. */
  constructor(
    store: SimStore,
    groupLines: readonly string[],
    observers: readonly string[],
    onReplaced: () => void = () => {},
  ) {
    this.#observers = observers;
    this.#store = store;
    this.#groupLines = groupLines;
    this.#onReplaced = onReplaced;
  }

  /** The item, where it is ours. People have the newest command line, which reads every schema. */
  get #state(): GroupState | null {
    const state = this.#store.states.get(groupName);
    return state?.deployment === this.#store.deployment ? state : null;
  }

  /** Whether the table was put back to a backup, and nobody has mended it. */
  get isRestored(): boolean {
    return this.#overwritten !== null;
  }

  /** Whether the table was put back to a backup at any time, mended or not. */
  get wasRestored(): boolean {
    return this.#wasRestored;
  }

  /** Whether the group has reached, on its own, the epoch that a restore had taken. */
  get #hasGoneOn(): boolean {
    const epochOf = (states: ReadonlyMap<string, GroupState> | undefined) =>
      states?.get(groupName)?.epoch ?? 0;
    return epochOf(this.#store.states) >= epochOf(this.#overwritten?.states);
  }

  pause(until: string | null): (() => void) | null {
    const state = this.#state;
    if (state === null || state.pause !== null) return null;
    const asked = { by: "sim", reason: "drill", until };
    return () => this.#put(pause(state, asked, this.#writer("pause")).next);
  }

  resume(): (() => void) | null {
    const state = this.#state;
    if (state === null || state.pause === null) return null;
    return () => this.#put(resume(state, this.#writer("resume")).next);
  }

  acknowledge(): (() => void) | null {
    const state = this.#state;
    if (state === null || unacknowledgedEpoch(state) === null) return null;
    return () => this.#put(acknowledge(state, this.#writer("acknowledged")).next);
  }

  release(node: string): (() => void) | null {
    const state = this.#state;
    if (state === null || !isKept(state, node)) return null;
    return () => this.#put(letGo(state, node, this.#writer("released")).next);
  }

  /** People have looked at everything. */
  releaseAll(): void {
    for (const node of this.#state?.kept ?? []) this.release(node)?.();
  }

  testNotifications(until: string): (() => void) | null {
    const state = this.#state;
    if (state === null || state.request !== null || state.phase !== "steady") return null;
    const asked = { kind: "notify-test" as const, by: "sim", until };
    return () => this.#put(request(state, asked, this.#writer("asked")).next);
  }

  forget(node: string | null, until: string): (() => void) | null {
    const state = this.#state;
    if (state === null || state.request !== null || state.phase !== "steady") return null;
    const asked = { kind: "forget" as const, by: "sim", node, until };
    return () => this.#put(request(state, asked, this.#writer("asked")).next);
  }

  ask(wish: Pick<ReplaceRequest, "kind"> & Partial<ReplaceRequest>): (() => void) | null {
    const state = this.#state;
    const isCalm = state?.phase === "steady" && state.master !== null && state.request === null;
    if (state === null || !isCalm) return null;
    const asked = { ...noWishes, by: "sim", ...wish };
    return () => this.#put(request(state, asked, this.#writer("asked")).next);
  }

  removeGroup(): (() => void) | null {
    const state = this.#state;
    if (state === null || state.removed !== null || state.phase !== "steady") return null;
    return () => this.#put(removeGroup(state, "sim", this.#writer("removed")).next);
  }

  applyAgain(): (() => void) | null {
    const state = this.#state;
    if (state === null || state.removed === null) return null;
    return () => {
      const { configVersion } = state;
      this.#put(reviveGroup(state, configVersion, this.#writer("applied again")).next);
    };
  }

  adopt(): (() => void) | null {
    const state = this.#state;
    const isCalm = state?.phase === "steady" && state.master !== null && state.request === null;
    if (state === null || !isCalm) return null;
    return () => this.#put(askForMaster(state, this.#writer("adopted")).next);
  }

  /** A new version of the configuration; it becomes the active one in steady only, as `apply` would wait for it. */
  apply(setting: string, value: string): () => void {
    return () => {
      const version = Math.max(...this.#store.configs.map((one) => one.version)) + 1;
      const others = this.#groupLines.filter((line) => !line.startsWith(`${setting}:`));
      const config = simConfig([...others, `${setting}: ${value}`], version, this.#observers);
      this.#store.configs.push(config);
      const state = this.#state;
      if (state?.phase !== "steady") return;
      this.#put(activateConfig(state, config, this.#writer(`version ${version}`)).next);
    };
  }

  backup(): (() => void) | null {
    if (this.#state === null || this.#edited !== null) return null;
    return () => {
      this.#backup = this.#store.snapshot();
    };
  }

  /**
   * The table as it was, without a word to anybody. Of what two restores in a row take, people put back what the group
   * lived by last: its own way since the first, where it went one.
   */
  restore(): (() => void) | null {
    const backup = this.#backup;
    if (backup === null || this.#edited !== null) return null;
    return () => {
      if (!this.isRestored || this.#hasGoneOn) this.#overwritten = this.#store.snapshot();
      this.#store.restore(backup);
      this.#wasRestored = true;
      this.#onReplaced();
    };
  }

  /** People put back what the restore took, where the group has not gone its own way since. */
  mend(): (() => void) | null {
    const before = this.#overwritten;
    if (before === null || this.#hasGoneOn) return null;
    return () => {
      this.#overwritten = null;
      this.#store.restore(before);
      this.#onReplaced();
    };
  }

  /** Another deployment's item stands where ours was, and moves as its own observers write. */
  takeOver(): (() => void) | null {
    const state = this.#state;
    if (state === null) return null;
    return () => this.#replace({ ...state, rev: state.rev + 1, deployment: "another" });
  }

  /** Ours is put back where it was. */
  giveBack(): (() => void) | null {
    const state = this.#store.states.get(groupName);
    if (state === undefined || state.deployment === this.#store.deployment) return null;
    return () =>
      this.#replace({ ...state, rev: state.rev + 1, deployment: this.#store.deployment });
  }

  /** STATE names a master that is no node of the group, or an open epoch without saying of which kind it is. */
  edit(of: "master" | "kind"): (() => void) | null {
    const state = this.#state;
    const master = state?.master ?? null;
    if (state === null || master === null || this.#edited !== null) return null;
    // Who edits a table that was put back to another time has nothing to put right by.
    if (this.#wasRestored || (state.phase === "promoting") !== (of === "kind")) return null;
    return () => {
      this.#edited = state;
      const wrong = of === "kind" ? { kind: null } : { master: { ...master, node: strangerNode } };
      this.#replace({ ...state, ...wrong, rev: state.rev + 1 });
    };
  }

  /** What was edited is as it was, if it still stands there. */
  unedit(): (() => void) | null {
    const [state, before] = [this.#store.states.get(groupName), this.#edited];
    if (before === null) return null;
    return () => {
      this.#edited = null;
      const isWrong = state?.kind === null && state.phase === "promoting";
      if (state === undefined || !(isWrong || state.master?.node === strangerNode)) return;
      const { master, kind } = before;
      this.#replace({ ...state, rev: state.rev + 1, master, kind });
    };
  }

  #replace(next: GroupState): void {
    this.#store.states.set(groupName, next);
    this.#onReplaced();
  }

  #put(next: GroupState): void {
    this.#store.putNow(next, "operator");
  }

  #writer(why: string): Writer {
    this.#operations += 1;
    return { attempt: `operator-${this.#operations}`, shift: "operator", rule: "cli", why };
  }
}

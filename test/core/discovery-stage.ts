import type { Address } from "../../lib/core/config.ts";
import type { Decision } from "../../lib/core/decide.ts";
import type { Newcomer } from "../../lib/core/memory.ts";
import type { GroupState, NodeFacts } from "../../lib/core/model.ts";
import { answers, meets, type Seen } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  nodeConfig,
  replicaFacts,
} from "../support/builders.ts";
import { commandsOf, Watch, type WatchStart } from "../support/watch.ts";

/** The servers that no file names. */
export const n3 = "10.0.0.4:6379";
export const n4 = "10.0.0.5:6379";

export const discovering = groupConfig({ settings: { discover: true } });

export function addressOf(node: string): Address {
  return nodeConfig(node).probe;
}

/** n0, with these replicas by its INFO. */
export function masterOf(replicas: readonly string[], change: Partial<NodeFacts> = {}) {
  return answers(n0, masterFacts({ replicas: replicas.map(addressOf), ...change }));
}

export function replicasAnswer(...nodes: readonly string[]) {
  return [n1, n2, ...nodes].map((node) => answers(node, replicaFacts()));
}

/** Everybody of the file answers, and the master has these replicas. */
export function everybodyWith(...replicas: readonly string[]) {
  return [masterOf([n1, n2, ...replicas]), ...replicasAnswer()];
}

/** n3 is a replica of n0 that is in step. */
export function n3Facts(change: Partial<NodeFacts> = {}): NodeFacts {
  return replicaFacts({ runId: "run-n3", ...change });
}

/** A calm group that has found these nodes before, and a shift that has looked at them. */
export function watchFound(
  found: readonly string[],
  state: Partial<GroupState> = {},
  config = discovering,
): Watch {
  const table = groupState({ discovered: found.map(addressOf), ...state });
  const watch = new Watch({ config, state: table });
  watch.look({ samples: everybodyWith(...found) });
  watch.look({ samples: [...everybodyWith(...found), ...replicasAnswer(...found)] });
  return watch;
}

/** A shift of a group that finds what is new, after its first look. */
export function watchDiscovering(start: WatchStart = {}): Watch {
  const watch = new Watch({ config: discovering, ...start });
  watch.look({ samples: everybodyWith() });
  return watch;
}

/** The master names n3, which is asked and says this. */
export function meetN3(
  watch: Watch,
  facts: NodeFacts | null,
  owner: string | null = null,
): ReturnType<Watch["look"]> {
  const newcomers: readonly Seen<Newcomer>[] = [meets(nodeConfig(n3), facts, owner)];
  watch.look({ samples: everybodyWith(n3) });
  return watch.look({ samples: everybodyWith(n3), newcomers });
}

export function isWriting(decision: Decision): boolean {
  return commandsOf(decision).some((one) => one.kind === "write-state");
}

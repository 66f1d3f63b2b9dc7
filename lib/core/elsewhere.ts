import type { NodeId } from "./config.ts";
import type { NodeMemory } from "./detector.ts";
import type { Memory } from "./memory.ts";
import { isAnswering, type View } from "./view.ts";

/**
 * One server under two names in two groups. A table keeps an address from being in two groups, and can't know that two
 * addresses lead to one server; the server can: its run id is its own for as long as it runs.
 */

/** A node of another group, as its own watch in this process last saw it. */
export interface Sighting {
  readonly group: string;
  readonly node: NodeId;
  /** null: it has told nothing yet. */
  readonly runId: string | null;
  readonly askedAtMs: number;
  readonly isAnswering: boolean;
  /** Whether the other group could act on it: it is adopted, or nobody knows, and what the node holds is its own. */
  readonly isClaimed: boolean;
}

/** What a look knows of the other groups. */
export interface Others {
  /** Whether each of their nodes has been asked once, whatever became of that. */
  readonly areSeen: boolean;
  /** Those that share a run id with a node of this group, or did before. */
  readonly sightings: readonly Sighting[];
}

export const noOthers: Others = { areSeen: true, sightings: [] };

/** The other name of a node. */
export interface Elsewhere {
  readonly group: string;
  readonly node: NodeId;
  readonly isClaimed: boolean;
  /** Since when the two names tell different run ids; null: they don't. */
  readonly differsSinceMs: number | null;
}

export function withOthers(memory: Memory, others: Others, nowMs: number): Memory {
  const areOthersSeen = memory.areOthersSeen || others.areSeen;
  if (others.sightings.length === 0 && Object.keys(memory.elsewhere).length === 0) {
    return areOthersSeen === memory.areOthersSeen ? memory : { ...memory, areOthersSeen };
  }
  const found = Object.values(memory.nodes).flatMap((node) => {
    const standing = memory.elsewhere[node.node] ?? null;
    const one = elsewhereOf(node, standing, others.sightings, nowMs);
    return one === null ? [] : [[node.node, one] as const];
  });
  return { ...memory, areOthersSeen, elsewhere: Object.fromEntries(found) };
}

function elsewhereOf(
  node: NodeMemory,
  standing: Elsewhere | null,
  sightings: readonly Sighting[],
  nowMs: number,
): Elsewhere | null {
  const runId = node.facts?.runId ?? null;
  const same = sightings.filter((one) => runId !== null && one.runId === runId);
  const twin = sightings.find((one) => isOf(standing, one)) ?? null;
  // Who was found first stays, so that what is said of the node does not change with the order of a list.
  const found = same.find((one) => isOf(standing, one)) ?? same[0];
  if (found !== undefined) return { ...nameOf(found), differsSinceMs: null };
  if (standing === null || twin === null) return null;
  if (!isAnswering(node) || !twin.isAnswering) return { ...nameOf(twin), differsSinceMs: null };
  // A server that restarts is asked by the one group before it is asked by the other:
  //
  //   this group   run 1           run 2
  //   the other            run 1           run 2
  //
  // so that between the two they differ, and are one server all the same. Both are asked again before that is believed.
  const differsSinceMs = standing.differsSinceMs ?? nowMs;
  const areAsked = Math.min(node.factsAskedAtMs ?? 0, twin.askedAtMs) > differsSinceMs;
  return areAsked ? null : { ...nameOf(twin), differsSinceMs };
}

function isOf(standing: Elsewhere | null, { group, node }: Sighting): boolean {
  return standing?.group === group && standing.node === node;
}

function nameOf({ group, node, isClaimed }: Sighting) {
  return { group, node, isClaimed };
}

/**
 * Whether another group could act on this server, too. Then neither does, or they would repoint it in turns; where only
 * one of them is adopted, or the server holds the data of only one, that one goes on as ever.
 */
export function isContested({ memory }: View, node: NodeId): boolean {
  return memory.elsewhere[node]?.isClaimed === true;
}

/**
 * Before the other groups have been asked, nobody can tell whose a server is. One of them may never be watched, for want
 * of its secret say, so nothing waits longer for it than for a dead node.
 */
export function mayBeElsewhere({ memory, settings, nowMs }: View): boolean {
  return !memory.areOthersSeen && nowMs - memory.startedAtMs < settings.downAfterMs;
}

import type { GroupState, MasterRecord } from "../../lib/core/model.ts";
import type { RoleChange } from "../../lib/ports/redis.ts";
import type { Process } from "./engine.ts";
import type { LastSeen } from "./sim-vantage.ts";
import { Violation } from "./violation.ts";

/** An effect that leaves a process: a change of a node, by what its session has shown, or one of the zone. */
export type Leaving = { readonly what: string; readonly change: null } | NodeLeaving;

interface NodeLeaving {
  readonly what: string;
  readonly change: RoleChange["kind"] | "mark" | "kill-script" | "write-probe";
  readonly node: string;
  /** Whose replica it is to become. */
  readonly to?: string;
  readonly seen: LastSeen;
}

/** What the table has told each process, by its name, and when that was asked by its own clock. */
interface Told {
  readonly known: ReadonlyMap<string, GroupState>;
  readonly verifiedAtMs: ReadonlyMap<string, number>;
}

/** Holds an effect, as it leaves, against what its process knows by then. */
export function checkLeaving({ name }: Process, leaving: Leaving, told: Told): void {
  const state = told.known.get(name);
  if (state === undefined) throw new Violation("S14", `${name} starts ${leaving.what} unread`);
  checkPause(name, leaving, state);
  if (leaving.change === null) return;
  if (leaving.change === "kill-script" || leaving.change === "write-probe") {
    checkMaster(name, leaving, state);
  }
  // No role and no data is at stake with a script, and what is busy shows nothing over a session.
  if (leaving.change === "kill-script") return;
  if (leaving.change === "attach") checkDivergence(name, leaving, state);
  const verifiedAtMs = told.verifiedAtMs.get(name) ?? Number.NEGATIVE_INFINITY;
  const youngerMs = leaving.seen.askedAtMs - verifiedAtMs;
  if (youngerMs <= 0) return;
  // F1, rule 2: what the node was seen as may be the work of an epoch that this process has not read of.
  const by = Number.isFinite(youngerMs) ? `${Math.ceil(youngerMs)} ms after` : "not since";
  throw new Violation("F1", `${name} starts ${leaving.what}, observed ${by} STATE was read`);
}

/**
 * S12: who has read of a pause begins nothing. What was on its way, of a look from before the pause, left before its
 * process read again; and an epoch that is open is finished.
 */
function checkPause(name: string, { what }: Leaving, { pause, phase }: GroupState): void {
  if (pause === null || phase !== "steady") return;
  throw new Violation("S12", `${name} starts ${what} and knows that the group is paused`);
}

/** A master is asked to stop its script, and to take a write: nobody else, and nobody who says to be a replica. */
function checkMaster(
  name: string,
  { what, node, seen }: NodeLeaving,
  { master }: GroupState,
): void {
  if (seen.facts?.role === "replica")
    throw new Violation("S18", `${name} starts ${what}, a replica`);
  if (master?.node === node) return;
  throw new Violation("S18", `${name} starts ${what}, and its STATE names ${master?.node}`);
}

/**
 * S9: what an old master has that nobody else has is written down before it becomes a replica, which deletes it. Only the
 * very process that was the master can tell, by an offset of the history that both have had.
 */
function checkDivergence(
  name: string,
  { what, node, seen: { facts } }: NodeLeaving,
  { master, previousMaster, lastEpoch, masterEpoch }: GroupState,
): void {
  const isItself = previousMaster?.node === node && previousMaster.runId === facts?.runId;
  const isDiverging = facts?.role === "master" && facts.replid === previousMaster?.replid;
  // Of an earlier reign, or of one that began from nothing, there is nothing to compare with.
  const loss = lastEpoch?.epoch === masterEpoch ? lastEpoch.loss : null;
  const isComparable = loss !== null && isForkOf(previousMaster, master);
  if (!isItself || !isDiverging || !isComparable || loss.certainty === "exact") return;
  throw new Violation("S9", `${name} starts ${what}, and its divergence is not written down`);
}

/**
 * Whether the second id of the master's record is the old master's history, or the one before, so that its offset is where
 * the two part. A master that was started again from an RDB has an earlier id of its own there.
 */
export function isForkOf(previous: MasterRecord | null, master: MasterRecord | null): boolean {
  if (previous === null || master === null || master.replid2 === null) return false;
  if (master.secondOffset < 1) return false;
  if (master.replid2 === previous.replid) return true;
  return master.replid2 === previous.replid2 && master.secondOffset <= previous.secondOffset;
}

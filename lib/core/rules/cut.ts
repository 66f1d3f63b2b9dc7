import type { NodeId } from "../config.ts";
import type { NodeFacts } from "../model.ts";
import { type GroupView, lookNow } from "../view.ts";
import { isResting } from "./repairs.ts";
import { type Finding, hold } from "./rule.ts";

/**
 * Who becomes, or goes on as, the committed master by another hand than a promotion has its old connections still:
 *
 *   observer a:  attach n1 to n2 ─────────── (late) ──────────────────────────── n1 follows n2 ✗
 *   people:                    REPLICAOF NO ONE on n1, which closes no connection
 *   observer b:                                     n1 is the master
 *
 * So what a promotion does is done before STATE says so: every other connection is closed, over a session on which the
 * node was observed as what is about to be recorded.
 */
export type BeforeRecording = Finding | "not-now" | "done";

export function cutBefore(view: GroupView, node: NodeId, facts: NodeFacts): BeforeRecording {
  const { memory, state, settings, nowMs } = view;
  const { cutAt } = memory;
  if (cutAt?.node === node && cutAt.epoch === state.epoch && isAs(facts, cutAt)) return "done";
  if (isResting(view, node)) return "not-now";
  const look = lookNow(view, { probe: [node], info: true, state: true, votes: isAsking(view) });
  const prepared = memory.prepared[node];
  const isCurrent =
    prepared !== undefined &&
    prepared.askedAtMs <= memory.stateAskedAtMs &&
    nowMs - memory.stateAskedAtMs < settings.fenceMs;
  const shown = prepared?.facts ?? null;
  const isAsRecorded = shown !== null && shown.role === "master" && isAs(facts, shown);
  if (isCurrent && isAsRecorded) {
    const session = { node, session: prepared.session, epoch: state.epoch };
    const why = `closing the connections of ${node} before it is recorded: what was sent to it in another role may still come over one`;
    return { why, plan: [[{ kind: "cut", ...session }]], look };
  }
  // What says otherwise over its session, or nothing, is asked again at the next interval.
  const isAsked = prepared !== undefined && nowMs - prepared.askedAtMs < settings.probeIntervalMs;
  if (isAsked && !isAsRecorded) return "not-now";
  const why = `observing ${node} before its connections are closed`;
  return hold(why, { ...look, prepare: [node], order: "nodes-first" });
}

function isAs(facts: NodeFacts, other: Pick<NodeFacts, "runId" | "replid">): boolean {
  return facts.runId === other.runId && facts.replid === other.replid;
}

/** Whether votes are counted: those of a bootstrap round, after STATE was read. */
function isAsking({ state }: GroupView): boolean {
  return state.master === null;
}

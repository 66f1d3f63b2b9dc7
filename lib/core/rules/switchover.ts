import type { Look } from "../commands.ts";
import { findNode } from "../config.ts";
import { isOurs } from "../identity.ts";
import type { Prepared } from "../memory.ts";
import { isHandingOver, type NodeFacts } from "../model.ts";
import { followed, isAnswering, lookNow, type MasterView } from "../view.ts";
import { closeFailed, type Leading, leading } from "./promoting.ts";
import { type Finding, hold, type Rule } from "./rule.ts";

/** `promoting` of a planned switchover: the server's own hand-over, continued from what the nodes show (F4). */
export const switchoverRules: readonly Rule<MasterView>[] = [
  {
    id: "W550",
    title: "Close the switchover when the old master is gone: the quorum decides.",
    source: "protocol F4",
    find: (view) => {
      const { masterMemory: master, memory } = view;
      const isGone =
        !isAnswering(master) && (master.lastSentAtMs ?? 0) >= (memory.leadingSinceMs ?? 0);
      if (!isGone) return null;
      const why = `${view.master.node} stopped answering during the switchover; the quorum decides`;
      return closeFailed(view, "W550", why, "-failover-abort-slave-timeout");
    },
  },
  {
    id: "W560",
    title:
      "Close the switchover when the old master refused it, or was fenced as a writable master after it.",
    source: "protocol F4: an aborted switchover leaves the old master writable",
    find: (view) => {
      const { handedOver } = view.memory;
      if (handedOver?.epoch === view.state.epoch && handedOver.refusal !== null) {
        const why = `${view.master.node} refused to hand over and stays the master: ${handedOver.refusal}`;
        return closeFailed(view, "W560", why, "-failover-abort-slave-timeout");
      }
      if (view.memory.fencedEpoch !== view.state.epoch) return null;
      const why = `${view.state.candidate?.node} did not take over in time; ${view.master.node} stays the writable master`;
      return closeFailed(view, "W560", why, "-failover-abort-slave-timeout");
    },
  },
  {
    id: "W570",
    title: "Observe both nodes before every step of a switchover.",
    source: "protocol F1 rule 2, F4: any leader continues from what the nodes show",
    find: (view) => {
      const lead = leading(view);
      if (lead === null || areObserved(lead)) return null;
      const prepare = [view.master.node, lead.candidate.node];
      const afterMs = view.memory.handedOver?.epoch === view.state.epoch ? 20 : 0;
      // A session that can't be opened says nothing of the old master: its death shows in a probe (W550).
      const probe = [view.master.node];
      const look = lookNow(view, { afterMs, prepare, probe, order: "nodes-first", state: true });
      return hold("observing both nodes", look);
    },
  },
  {
    id: "W580",
    title:
      "Ask the old master to hand over, wait for it, or fence it when the hand-over ended without success.",
    source: "protocol F4: FAILOVER TO … TIMEOUT, never a hand-made pause",
    find: (view) => {
      const lead = leading(view);
      const old = observed(view, view.master.node);
      if (lead === null || old === null) return null;
      if (!isOurs(view.state, old.facts)) {
        const why = `another server answers at ${old.node}; it is left alone`;
        return closeFailed(view, "W580", why, "-failover-abort-slave-timeout");
      }
      const target = observed(view, lead.candidate.node);
      // Another server at the target's address is as good as none (fault N18).
      const isOwn = target !== null && isOurs(view.state, target.facts);
      return stepSwitchover(lead, old, isOwn ? target : null);
    },
  },
];

interface Observed extends Prepared {
  readonly facts: NodeFacts;
}

/** Whether both were asked after the last step and before STATE was last read; the old master must have answered. */
function areObserved(lead: Leading): boolean {
  const { view, candidate } = lead;
  return observed(view, view.master.node) !== null && isAsked(view, candidate.node);
}

function isAsked(view: MasterView, node: string): boolean {
  const prepared = view.memory.prepared[node];
  const { handedOver, stateAskedAtMs } = view.memory;
  if (prepared === undefined || prepared.askedAtMs > stateAskedAtMs) return false;
  if (prepared.askedAtMs < (handedOver?.atMs ?? Number.NEGATIVE_INFINITY)) return false;
  return view.nowMs - prepared.askedAtMs <= view.settings.fenceMs;
}

function observed(view: MasterView, node: string): Observed | null {
  const prepared = view.memory.prepared[node];
  if (prepared === undefined || prepared.facts === null || !isAsked(view, node)) return null;
  return { ...prepared, facts: prepared.facts };
}

function stepSwitchover(lead: Leading, old: Observed, target: Observed | null): Finding {
  const { view, candidate } = lead;
  const { state, config, memory, settings, master } = view;
  const again: Look = lookNow(view, {
    afterMs: 20,
    prepare: [master.node, candidate.node],
    probe: [master.node],
    order: "nodes-first",
    state: true,
  });
  const targetConfig = findNode(config, candidate.node);
  if (targetConfig === undefined) {
    const why = `${candidate.node} is not a node of the group any more`;
    return closeFailed(view, "W580", why, "-failover-abort-slave-timeout");
  }
  const { epoch } = state;
  if (old.facts.role === "replica" && target?.facts.role === "master") {
    // Somebody made it a replica of another one by hand: that hands nothing over, and the target may lack its writes.
    if (followed(config, old.facts) !== candidate.node) {
      const why = `${old.node} follows ${old.facts.masterHost}:${old.facts.masterPort} instead of ${candidate.node}; the quorum decides`;
      return closeFailed(view, "W580", why, "-failover-abort-slave-timeout");
    }
    const attach = {
      kind: "attach" as const,
      node: old.node,
      session: old.session,
      epoch,
      master: candidate.node,
      address: targetConfig.replicate,
    };
    const promote = {
      kind: "promote" as const,
      node: target.node,
      session: target.session,
      epoch,
      beside: null,
    };
    const why = `${old.node} handed over; both nodes are fenced before the commit`;
    return { why, plan: [[attach], [promote]], look: lookNow(view, {}) };
  }
  const isDemoted = old.facts.role === "replica";
  const forMs = view.nowMs - (memory.leadingSinceMs ?? view.nowMs);
  const isTooLong = forMs > settings.takeoverMs;
  if (isDemoted && !isHandingOver(old.facts) && isTooLong) {
    const why = `${old.node} handed over, but ${candidate.node} did not become master in ${Math.round(forMs)} ms; the quorum decides`;
    return closeFailed(view, "W580", why, "-failover-abort-slave-timeout");
  }
  // Once a server has demoted itself, TIMEOUT has no say any more: it waits for its target for ever, and takes the data
  // of a target that died and came back with an older copy (fault N3).
  const isStuck = isDemoted && isHandingOver(old.facts) && (isTooLong || target === null);
  if ((isHandingOver(old.facts) || isDemoted) && !isStuck)
    return hold("waiting for the hand-over", again);
  const hasAsked = memory.handedOver?.epoch === epoch;
  const isOwnClaim = memory.marks.claimedAtMs !== null;
  const session = { node: old.node, session: old.session, epoch };
  if (isStuck || hasAsked || !isOwnClaim || target === null) {
    const why = `the hand-over of ${old.node} ended without success`;
    return { why, plan: [[{ kind: "fence", ...session }]], look: again };
  }
  const handOver = {
    kind: "hand-over" as const,
    ...session,
    to: candidate.node,
    address: targetConfig.replicate,
    // FAILOVER takes whole milliseconds only.
    timeoutMs: Math.floor(settings.takeoverMs / 2),
  };
  const why = `asking ${old.node} to hand over to ${candidate.node}`;
  return { why, plan: [[handOver]], look: again };
}

import { backOffLeftMs, failedEpochs } from "../back-off.ts";
import { markerKeyOf } from "../config.ts";
import {
  callPeople,
  coolDownLeftMs,
  earlyEpochsWith,
  earlyMax,
  isUnheard,
  mayComeEarly,
} from "../cool-down.ts";
import type { Election } from "../election.ts";
import { type SentinelEvent, warning } from "../events.ts";
import { sayForeign } from "../identity.ts";
import { type Tally, tally } from "../quorum.ts";
import { suspicion } from "../situation.ts";
import { claim } from "../state.ts";
import { dueFailover, lookNow, type MasterView, nextLook, writer } from "../view.ts";
import { areChoicesFresh, chooseFor, highest, ownOffset, wayOut } from "./choice.ts";
import { newEpoch, selected } from "./opened.ts";
import { refuse } from "./requests.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";
import { countLook, isOpenOnMaster } from "./suspicion.ts";

/** From votes to a claim: agree, choose, claim with intent (DESIGN 4.2 to 4.4). */
export const claimRules: readonly Rule<MasterView>[] = [
  {
    id: "S340",
    title: "Wait for the other observers' votes.",
    source: "DESIGN 4.2: max(quorum, majority), the claimer is one of them",
    find: (view) => {
      if (!hasVotedDown(view)) return null;
      const counted = count(view);
      if (counted === null) return hold("counting the votes", countLook(view));
      if (counted.isReached) return null;
      const why = `no quorum yet: ${sayTally(counted)}`;
      const waitedMs = view.nowMs - (view.memory.marks.votedAtMs ?? view.nowMs);
      if (waitedMs < view.settings.downAfterMs) return hold(why, nextLook(view));
      // Who stays alone with its vote leaves a reason, as an election that nobody won does in Sentinel.
      const event = warning("-failover-abort-not-elected", why, {
        node: view.master.node,
        onceKey: `not-elected ${view.state.round.number}`,
      });
      return hold(why, nextLook(view), event);
    },
  },
  {
    id: "S345",
    title: "Hold while an observer of the round hears through its replicas that the master lives.",
    source: "DESIGN 4.2; protocol F13: one testimony of life vetoes the claim",
    find: (view) => {
      const counted = readyTally(view);
      if (counted === null || counted.unreachable.length === 0) return null;
      if (view.settings.whenUnreachable === "failover") return null;
      const why = `${counted.unreachable.join(", ")} cannot reach ${view.master.node} either, but its replicas can`;
      return hold(why, nextLook(view), heldOnce(view, why));
    },
  },
  {
    id: "S350",
    title:
      "Hold through the cool-down after a completed automatic failover, and call people once, unless an operator asked or acknowledged, or the policy lets it come.",
    source:
      "invariant S13; measured by each observer from when it saw the master change (protocol F16)",
    find: (view) => {
      const counted = readyTally(view);
      if (counted === null || dueFailover(view) !== null) return null;
      const leftMs = coolDownLeftMs(view);
      if (leftMs <= 0 || mayComeEarly(view)) return null;
      const why = `cooling down for another ${leftMs} ms after the failover of epoch ${view.state.masterEpoch}`;
      const held = hold(
        why,
        nextLook(view),
        odown(view, counted),
        heldOnce(view, "cool-down", why),
      );
      return isUnheard(view.state) ? calling(view, counted, held) : held;
    },
  },
  {
    id: "S355",
    title:
      "Back off, twice as long each time, when epochs since the commit have failed; say so once.",
    source: "invariant L2; fault N16: a node that refuses to be promoted must not spin the epochs",
    find: (view) => {
      if (readyTally(view) === null) return null;
      const { masterEpoch, lastEpoch } = view.state;
      const failed = failedEpochs(view.state);
      const leftMs = backOffLeftMs(view.state, view.nowMs - view.memory.epochSeen.sinceMs);
      if (leftMs <= 0) return null;
      const why = `${failed} epochs since the commit of ${masterEpoch} have failed, the last because ${lastEpoch?.reason ?? "of an unknown reason"}; the next one in ${leftMs} ms`;
      const onceKey = `failing ${masterEpoch}`;
      return hold(why, nextLook(view), warning("+page", why, { node: view.master.node, onceKey }));
    },
  },
  {
    id: "S357",
    title:
      "Refuse an operator's request for a node that may not be promoted, and go on without it.",
    source:
      "DESIGN 4.3: nobody but an eligible node is promoted; a wish must not hold up a failover",
    find: (view) => {
      const counted = readyTally(view);
      const wish = dueFailover(view);
      if (counted === null || wish?.to == null || !areChoicesFresh(view)) return null;
      const { choice } = chooseFor(view, counted.lastOffset);
      if (choice.kind === "chosen") return null;
      return refuse(
        view,
        wish,
        "S357",
        `${wish.to} can't replace ${view.master.node}: ${choice.why}`,
      );
    },
  },
  {
    id: "S360",
    title: "Hold, and say why once, while no node may be promoted.",
    source: "DESIGN 4.3: no candidate, nothing is claimed (protocol F15; invariant S8)",
    find: (view) => {
      const counted = readyTally(view);
      if (counted === null) return null;
      if (!areChoicesFresh(view)) return hold("asking the candidates", countLook(view));
      const { choice } = chooseFor(view, counted.lastOffset);
      if (choice.kind === "chosen") return null;
      const way = wayOut(view);
      const why = `${choice.why}${way}`;
      const event = warning("-failover-abort-no-good-slave", why, {
        node: view.master.node,
        // What an operator consents to may still be too little: each wish gets an answer of its own. And who comes back
        // later than another one is somebody more to choose from.
        onceKey: `none ${view.state.round.number} ${dueFailover(view)?.id ?? ""}${way}`,
      });
      return hold(`no candidate: ${why}`, nextLook(view), event, ...foreignPage(view));
    },
  },
  {
    id: "S370",
    title: "Claim the next epoch with the chosen node as its candidate.",
    source: "DESIGN 4.4: one compare-and-swap, one winner; invariants S1, S2, S3, S7",
    find: (view) => {
      const counted = readyTally(view);
      if (counted === null) return null;
      const election = chooseFor(view, counted.lastOffset);
      if (election.choice.kind !== "chosen") return null;
      return claimFor(view, counted, election);
    },
  },
];

function claimFor(view: MasterView, counted: Tally, election: Election): Finding {
  if (election.choice.kind !== "chosen") throw new Error("expected a chosen node to claim for");
  const { state, config, master } = view;
  const { node, facts } = election.choice;
  const isAutomatic = dueFailover(view) === null;
  const epoch = state.epoch + 1;
  const why = `${counted.down.join(", ")} agree in round ${state.round.number} that ${master.node} is down; ${node} is ${election.choice.why}`;
  const intent = {
    kind: "failover" as const,
    isAutomatic,
    candidate: { node, replid: facts.replid, offset: facts.offset },
    masterOffset: highest(counted.lastOffset, ownOffset(view)),
    earlyEpochs: isAutomatic ? earlyEpochsWith(view, epoch) : state.earlyEpochs,
  };
  const early = intent.earlyEpochs.indexOf(epoch) + 1;
  const itIs = `failing over within the cool-down, ${early} of ${earlyMax} times, as whenFlapping says`;
  const events = [
    odown(view, counted),
    ...(early > 0 ? [secondOutage(view, counted, itIs)] : []),
    newEpoch(view, { epoch, kind: "failover", isAutomatic, to: node }),
    warning("+try-failover", `${config.name} ${master.node}`, { node: master.node }),
    warning("+elected-leader", `${view.memory.shift} leads epoch ${epoch}`, {
      node: master.node,
      durationsMs: agreeDurations(view),
    }),
    ...selected(view, election),
  ];
  return {
    why,
    plan: [[claim(state, intent, writer(view, "S370", why))], events.map(emit)],
    look: lookNow(view, {}),
  };
}

/** Said once in a round, by whoever counts the quorum first: with the claim, or before a hold. */
function odown(view: MasterView, counted: Tally): SentinelEvent {
  const { node } = view.master;
  const quorum = `#quorum ${counted.down.length}/${counted.needed}`;
  return warning("+odown", `${view.config.name} ${node} ${quorum}`, {
    node,
    evidence: { votes: counted.down.join(","), needed: counted.needed },
    onceKey: `odown ${view.state.round.number}`,
  });
}

/** Shifts come and go while the cool-down holds: whoever writes it into STATE calls, and nobody else. */
function calling(view: MasterView, counted: Tally, held: Finding): Finding {
  const { name } = view.config;
  const todo = `\`lambda-sentinel ack ${name}\` ends that, \`lambda-sentinel failover ${name}\` asks for a failover at once`;
  const page = secondOutage(view, counted, `${held.why}; ${todo}`);
  const put = callPeople(view.state, writer(view, "S350", page.message));
  return {
    why: held.why,
    plan: [...held.plan, [put], [emit(page)]],
    look: lookNow(view, { state: true }),
  };
}

/** An outage within the cool-down is no ordinary one: people are called, whatever the policy (invariant S13). */
function secondOutage(view: MasterView, counted: Tally, what: string): SentinelEvent {
  const { master, state } = view;
  const by = counted.down.join(", ");
  const why = `a second outage: ${by} agree that ${master.node} is down, which became the master by the automatic failover of epoch ${state.masterEpoch}; ${what}`;
  return warning("+page", why, { node: master.node });
}

function agreeDurations(view: MasterView): Record<string, number> {
  const { firstMissAtMs, evidenceAtMs } = view.memory.marks;
  return {
    ...(firstMissAtMs !== null && evidenceAtMs !== null
      ? { detectMs: Math.round(evidenceAtMs - firstMissAtMs) }
      : {}),
    ...(evidenceAtMs === null ? {} : { agreeMs: Math.round(view.nowMs - evidenceAtMs) }),
  };
}

/** Of a server that is not the group's nobody makes its master, and without a candidate that is all there is to do (N18). */
function foreignPage(view: MasterView): readonly SentinelEvent[] {
  const { config, state, master, masterMemory } = view;
  const held = suspicion(view);
  if (held.kind !== "full" || held.of !== "foreign" || masterMemory.facts === null) return [];
  const { facts } = masterMemory;
  const todo = `bring the group's own server or a replica with its data back; if this is to be the group's data, \`SET ${markerKeyOf(config.name)} ${state.masterEpoch}\` there`;
  const why = `${master.node}, the master's address, is foreign: ${sayForeign(facts)}; nobody may be promoted, hands off: ${todo}`;
  const onceKey = `foreign ${master.node} ${facts.replid}`;
  return [warning("+page", why, { node: master.node, onceKey })];
}

function heldOnce(view: MasterView, key: string, why = key): SentinelEvent {
  const onceKey = `hold ${view.state.round.number} ${key}`;
  return warning("+hold", why, { node: view.master.node, onceKey });
}

function hasVotedDown(view: MasterView): boolean {
  const { memory, state } = view;
  return (
    isOpenOnMaster(view) &&
    memory.voted?.round === state.round.number &&
    memory.voted.verdict === "down" &&
    suspicion(view).kind === "full"
  );
}

/** The votes, if they were read after rev and recently enough for a claim to start from them. */
export function count(view: MasterView): Tally | null {
  const { memory, state, config, nowMs, settings } = view;
  const { votes } = memory;
  if (votes === null || votes.askedAtMs < memory.stateAskedAtMs) return null;
  if (nowMs - votes.askedAtMs > settings.fenceMs) return null;
  return tally(config, state.round, state.epoch, votes.votes);
}

function readyTally(view: MasterView): Tally | null {
  if (!hasVotedDown(view)) return null;
  const counted = count(view);
  return counted?.isReached ? counted : null;
}

export function sayTally(counted: Tally): string {
  const parts = [
    `${counted.down.length} of ${counted.needed} say down`,
    counted.up.length > 0 ? `up: ${counted.up.join(", ")}` : "",
    counted.blind.length > 0 ? `blind: ${counted.blind.join(", ")}` : "",
    counted.silent.length > 0 ? `no vote: ${counted.silent.join(", ")}` : "",
  ];
  return parts.filter((part) => part !== "").join("; ");
}

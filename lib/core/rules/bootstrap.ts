import type { Look } from "../commands.ts";
import { notice, type SentinelEvent, warning } from "../events.ts";
import { recordOf } from "../lineage.ts";
import { isJoinable } from "../memory.ts";
import type { NodeFacts } from "../model.ts";
import { whyNotAdopted } from "../oddities.ts";
import { namedMaster } from "../quorum.ts";
import { adoptMaster, createState, openRound } from "../state.ts";
import {
  followed,
  type GroupView,
  isAnswering,
  lookNow,
  nextLook,
  type View,
  writer,
} from "../view.ts";
import { cutBefore } from "./cut.ts";
import { emit, hold, type Rule } from "./rule.ts";
import { sayConnected } from "./sentinels.ts";

/**
 * Bootstrap: a round that asks who is master, with the votes and the counting of every other round, so that its
 * answers are as fresh as those about a death (ADR 0002).
 */

export const withoutState: readonly Rule<View>[] = [
  {
    id: "B200",
    title: "Create STATE with an open bootstrap round when the group has none.",
    source: "DESIGN 3, bootstrap; ADR 0002",
    find: (view) => {
      const why = "the group has no STATE yet; asking the observers who is master";
      return {
        why,
        plan: [
          [createState(view.config, view.memory.deployment, writer(view, "B200", why))],
          [emit(notice("+round", why))],
        ],
        look: askEverybody(view, { state: true }),
      };
    },
  },
];

export const withoutMaster: readonly Rule<GroupView>[] = [
  {
    id: "B210",
    title:
      "Open a new bootstrap round when the standing one is of unknown age, or the votes in it are spent.",
    source: "protocol F2",
    find: (view) => {
      const { memory, state } = view;
      const isOpen = state.round.status === "open" && state.round.purpose === "bootstrap";
      const hasVoted = memory.voted?.round === state.round.number;
      if (isOpen && isJoinable(memory, state) && !(hasVoted && isSpent(view))) return null;
      if (findMaster(view).kind !== "one") return null;
      const why = isOpen
        ? `bootstrap round ${state.round.number} is of unknown age or did not agree`
        : "no bootstrap round is open";
      return {
        why,
        plan: [[openRound(state, null, writer(view, "B210", why))], [emit(notice("+round", why))]],
        look: askEverybody(view, { state: true }),
      };
    },
  },
  {
    id: "B220",
    title:
      "Vote for the single master that this observer finds, by an answer younger than the round.",
    source: "DESIGN 3, bootstrap",
    find: (view) => {
      const { memory, state, config } = view;
      if (state.round.status !== "open" || memory.voted?.round === state.round.number) return null;
      if (!isJoinable(memory, state)) return null;
      const found = findMaster(view);
      if (found.kind !== "one") return null;
      const node = memory.nodes[found.node];
      if ((node?.factsAskedAtMs ?? Number.NEGATIVE_INFINITY) < memory.roundSeen.atMs) {
        return hold("asking the nodes again, after the round was opened", askEverybody(view, {}));
      }
      const why = `${found.node} is the only master, and every node that answers follows it`;
      const vote = {
        observer: memory.observer,
        group: config.name,
        round: state.round.number,
        epoch: state.epoch,
        digest: config.digest,
        verdict: "names" as const,
        node: found.node,
        lastOffset: found.facts.offset,
        evidence: why,
      };
      return {
        why,
        plan: [
          [{ kind: "cast-vote", vote }],
          [emit(notice("+vote", `names ${found.node}: ${why}`, { node: found.node }))],
        ],
        look: lookNow(view, { state: true, votes: true }),
      };
    },
  },
  {
    id: "B230",
    title:
      "Adopt the master that a quorum names, and close its connections before where the group was removed once; settling then publishes it.",
    source: "DESIGN 3, bootstrap; protocol F1 rule 4",
    find: (view) => {
      const { memory, state, config } = view;
      if (state.round.status !== "open" || memory.voted?.round !== state.round.number) return null;
      if (memory.votes === null || memory.votes.askedAtMs < memory.stateAskedAtMs) return null;
      const named = namedMaster(config, state.round, state.epoch, memory.votes.votes);
      const found = findMaster(view);
      if (named.node === null || found.kind !== "one" || found.node !== named.node) return null;
      // A new group has no past that a command could come from; one that was removed has. A paused one is adopted as it is.
      if (state.epoch > 0 && state.pause === null) {
        const cut = cutBefore(view, found.node, found.facts);
        if (cut !== "done") return cut === "not-now" ? null : cut;
      }
      const why = `a quorum names ${named.node} (${named.names.join(", ")})`;
      const write = adoptMaster(
        state,
        recordOf(found.node, found.facts),
        writer(view, "B230", why),
      );
      const event = warning("+monitor", `${config.name}: master ${found.node}; ${why}`, {
        node: found.node,
        evidence: { quorum: config.settings.quorum },
      });
      return {
        why,
        plan: [[write], [event, ...sayUntold(view)].map(emit)],
        look: lookNow(view, { prepare: [found.node], order: "nodes-first", state: true }),
      };
    },
  },
  {
    id: "B240",
    title: "Wait, and say why, while there is no single master that a quorum names.",
    source: "DESIGN 3, bootstrap: anything else is reported and waits",
    find: (view) => {
      const found = findMaster(view);
      const why =
        found.kind === "one"
          ? `waiting for a quorum to name ${found.node}; so far ${sayVotes(view)}`
          : found.why;
      const look = { ...nextLook(view), votes: true };
      if (found.kind === "one" || isStarting(view)) return hold(why, look);
      return hold(why, look, warning("+hold", why, { onceKey: `bootstrap ${why}` }));
    },
  },
];

/** Whoever may not list the clients can't see Sentinels; that is no reason never to adopt, and one to tell people. */
function sayUntold(view: GroupView): readonly SentinelEvent[] {
  const untold = Object.values(view.memory.nodes).filter((node) => node.facts?.sentinels === null);
  if (untold.length === 0) return [];
  const nodes = untold.map((node) => node.node).join(", ");
  const why = `whether Redis Sentinels manage ${nodes} can't be told, because CLIENT LIST is refused: make sure that none do, and allow client|list`;
  return [warning("+page", why)];
}

/** Who is master, and whether it and the others could ever change places: no vote is cast before that was asked. */
function askEverybody(view: View, needs: Partial<Look>): Look {
  const probe = Object.keys(view.memory.nodes);
  return lookNow(view, { probe, info: true, rehearse: "again", ...needs });
}

function sayVotes(view: GroupView): string {
  const { memory, state, config } = view;
  const votes = memory.votes?.votes ?? [];
  const { names } = namedMaster(config, state.round, state.epoch, votes);
  return names.length === 0 ? "no votes" : names.join(", ");
}

/** Before the first probes have been answered there is nothing to report. */
function isStarting(view: View): boolean {
  return view.nowMs - view.memory.startedAtMs < view.settings.downAfterMs;
}

/** Every observer has voted and they do not agree: only a new round can. */
function isSpent(view: GroupView): boolean {
  const { memory, state, config } = view;
  const votes = memory.votes?.votes ?? [];
  const { node, names } = namedMaster(config, state.round, state.epoch, votes);
  return node === null && names.length === config.observers.length;
}

type Found =
  | { readonly kind: "one"; readonly node: string; readonly facts: NodeFacts }
  | { readonly kind: "none"; readonly why: string };

/** Exactly one master, followed by every node that answers, and no Redis Sentinel that manages the group already. */
function findMaster(view: View): Found {
  const answering = Object.values(view.memory.nodes).filter((node) => isAnswering(node));
  const known = answering.flatMap((node) =>
    node.facts === null ? [] : [{ node: node.node, facts: node.facts }],
  );
  const masters = known.filter((one) => one.facts.role === "master");
  const [master, second] = masters;
  const bar = whyNotAdopted(view);
  if (bar !== null) return { kind: "none", why: bar };
  if (known.length === 0) return { kind: "none", why: "no node of the group answers" };
  if (master === undefined) return { kind: "none", why: "no node that answers is a master" };
  if (second !== undefined) {
    const names = masters.map((one) => one.node).join(", ");
    return { kind: "none", why: `more than one master: ${names}; make the others its replicas` };
  }
  if (master.facts.isLoading) {
    return { kind: "none", why: `${master.node} is still loading its data` };
  }
  const stray = known.find(
    (one) => one.node !== master.node && followed(view.config, one.facts) !== master.node,
  );
  if (stray !== undefined) {
    const of = `${stray.facts.masterHost}:${stray.facts.masterPort}`;
    return { kind: "none", why: `${stray.node} follows ${of}, not ${master.node}` };
  }
  const managed = known.find((one) => (one.facts.sentinels ?? 0) > 0);
  if (managed !== undefined) {
    const why = `${sayConnected(managed.facts.sentinels ?? 0)} to ${managed.node}: stop them first, two managers fight`;
    return { kind: "none", why };
  }
  return { kind: "one", node: master.node, facts: master.facts };
}

import { type Address, findByReplicate, formatAddress } from "../config.ts";
import { discover, discoveredMax, forget, isDiscovered, nodeAt } from "../discovered.ts";
import { notice, type SentinelEvent, warning } from "../events.ts";
import { isCalm, isOfRecord, isSameServer } from "../identity.ts";
import type { Newcomer } from "../memory.ts";
import type { NodeFacts } from "../model.ts";
import { whyUnpublishable } from "../records.ts";
import {
  infoPeriodMs,
  isAnswering,
  lookNow,
  type MasterView,
  nextLook,
  nodesExcept,
  writer,
} from "../view.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";

/**
 * Nodes that the master names and the file does not (ADR 0009). Only a calm group's list changes: while a round or an epoch
 * is open, everybody who votes and claims has the same one.
 */

/** Asked at a time: each opens a connection, and the look waits for all of them. */
const askedMax = 8;

export const discoveryRules: readonly Rule<MasterView>[] = [
  {
    id: "R780",
    title:
      "Take a replica that the master names into the group, once it has been asked and follows the master.",
    source: "Sentinel's discovery from INFO; ADR 0009: by STATE, in calm, and only what is ours",
    find: (view) => {
      if (!mayDiscover(view)) return null;
      const unknown = unknownReplicas(view);
      const toAsk = unknown.filter((one) => !isRemembered(view, one)).slice(0, askedMax);
      if (toAsk.length > 0) {
        const names = toAsk.map(formatAddress).join(", ");
        const needs = { newcomers: toAsk.map(nodeAt), order: "nodes-first", state: true } as const;
        const why = `asking ${names}, which ${view.master.node} names as its replica`;
        return hold(why, lookNow(view, needs));
      }
      const judged = unknown.flatMap(
        (one) => judge(view, view.memory.newcomers[formatAddress(one)]) ?? [],
      );
      const ours = judged.flatMap((one) => (one.kind === "ours" ? [one.newcomer] : []));
      const room = Math.max(0, discoveredMax - view.state.discovered.length);
      if (ours.length > 0 && room > 0) return take(view, ours.slice(0, room));
      const full = ours.map((one) => tellFull(one));
      return tell(view, [
        ...full,
        ...judged.flatMap((one) => (one.kind === "not" ? one.event : [])),
      ]);
    },
  },
];

/** Stands before what is odd: two names of one server are told of where they can't be put right. */
export const doubleRule: Rule<MasterView> = {
  id: "R782",
  title: "Drop a discovered node that turns out to be another name of one in the file.",
  source: "ADR 0009: a node in the file is never there twice; both answer, so no server is lost",
  find: (view) => {
    const { memory, state, master } = view;
    if (!isCalm(view) || state.discovered.length === 0) return null;
    const named = memory.configured.nodes.flatMap(({ id }) => memory.nodes[id] ?? []);
    const double = Object.values(memory.nodes)
      .filter(({ node }) => isDiscovered(state, node) && node !== master.node)
      .find((node) => named.some((one) => one.node !== node.node && isSameServer(one, node)));
    if (double === undefined) return null;
    const why = `${double.node} is another name of a node in the file`;
    return {
      why,
      plan: [
        [forget(state, [double.node], writer(view, "R782", why))],
        [emit(warning("-slave", why, { node: double.node }))],
      ],
      look: lookNow(view, { state: true }),
    };
  },
};

/** What has been found may be repaired, promoted and published from then on. */
function take(view: MasterView, ours: readonly Newcomer[]): Finding {
  const names = ours.map(({ node }) => node.id);
  const why = `${names.join(", ")} ${ours.length === 1 ? "replicates" : "replicate"} from ${view.master.node}, and no file names it: watched from now on`;
  const found = ours.map(({ node }) => node.probe);
  const events = names.map((node) => {
    const message = `${node} replicates from ${view.master.node}: watched from now on`;
    return emit(warning("+slave", message, { node }));
  });
  return {
    why,
    plan: [[discover(view.state, found, writer(view, "R780", why))], events],
    look: lookNow(view, { state: true }),
  };
}

function tell(view: MasterView, events: readonly SentinelEvent[]): Finding | null {
  const fresh = events.filter(
    ({ onceKey }) => onceKey === undefined || !view.memory.reported.includes(onceKey),
  );
  if (fresh.length === 0) return null;
  return hold(fresh.map((event) => event.message).join("; "), nextLook(view), ...fresh);
}

function mayDiscover(view: MasterView): boolean {
  const { facts } = view.masterMemory;
  return (
    view.settings.discover &&
    isCalm(view) &&
    isOfRecord(view) &&
    facts?.role === "master" &&
    facts.replid === view.master.replid
  );
}

function unknownReplicas(view: MasterView): readonly Address[] {
  const named = view.masterMemory.facts?.replicas ?? [];
  return named.filter(({ host, port }) => findByReplicate(view.config, host, port) === undefined);
}

/** What has been asked is not asked again with every look; another name of a known node never, while it is that. */
function isRemembered(view: MasterView, address: Address): boolean {
  const newcomer = view.memory.newcomers[formatAddress(address)];
  if (newcomer === undefined) return false;
  if (newcomer.facts !== null && isKnownServer(view, newcomer.facts)) return true;
  return view.nowMs - newcomer.askedAtMs < infoPeriodMs(view);
}

type Judged =
  | { readonly kind: "ours"; readonly newcomer: Newcomer }
  | { readonly kind: "not"; readonly event: SentinelEvent };

/** null: there is nothing to say of it, or not yet. */
function judge(view: MasterView, newcomer: Newcomer | undefined): Judged | null {
  if (newcomer === undefined) return null;
  const { facts, node, owner, why } = newcomer;
  const from = `${node.id} replicates from ${view.master.node}`;
  if (owner !== null) return not(newcomer, warning, `${from} and belongs to group ${owner}`);
  if (facts === null) {
    return not(newcomer, notice, `${from}, and does not answer where it announces itself: ${why}`);
  }
  if (isKnownServer(view, facts)) return null;
  const nameless = nodesExcept(view, null).find((one) => mayBe(view, one.node));
  if (nameless !== undefined) {
    return not(newcomer, notice, `${from}, and may be ${nameless.node}, which does not answer`);
  }
  if (!isOfMaster(view, facts)) {
    return not(newcomer, notice, `at ${node.id} answers none that is in step with the master`);
  }
  const wrong = whyUnpublishable(view.config, node);
  if (wrong !== null) return not(newcomer, warning, `${from}, and ${wrong}`);
  return { kind: "ours", newcomer };
}

function not(newcomer: Newcomer, say: typeof warning, what: string): Judged {
  const { id } = newcomer.node;
  const message = `${what}; it is not watched`;
  const onceKey = `newcomer ${id} ${what}`;
  return {
    kind: "not",
    event: say(say === warning ? "+page" : "+hold", message, { node: id, onceKey }),
  };
}

function tellFull({ node }: Newcomer): SentinelEvent {
  const message = `${node.id} is not watched: ${discoveredMax} nodes have been found already; name it in the file, or forget one`;
  return warning("+page", message, { node: node.id, onceKey: `newcomer ${node.id} full` });
}

/** Another address of a server that is watched: the file may name it by a host name, and the master by an address. */
function isKnownServer(view: MasterView, facts: NodeFacts): boolean {
  return nodesExcept(view, null).some((node) => node.facts?.runId === facts.runId);
}

/** A node under a host name that does not answer may be anybody; one under an address is known by that. */
function mayBe(view: MasterView, id: string): boolean {
  const memory = view.memory.nodes[id];
  const config = view.config.nodes.find((node) => node.id === id);
  if (memory === undefined || config === undefined) return false;
  const isName = !/^[\d.]+$/.test(config.replicate.host) && !config.replicate.host.includes(":");
  return isName && (!isAnswering(memory) || memory.facts === null);
}

/** It said itself that it is a replica whose link is up, in the very history that the master writes. */
function isOfMaster(view: MasterView, facts: NodeFacts): boolean {
  return (
    facts.role === "replica" &&
    facts.isLinkUp &&
    facts.hasSynced &&
    !facts.isLoading &&
    facts.replid === view.masterMemory.facts?.replid
  );
}

import type { GroupConfig, NodeId } from "./config.ts";
import { extentIn, isOfChain } from "./lineage.ts";
import { isMarked, type MasterRecord, type NodeFacts } from "./model.ts";
import { barrierOf, sayOddity } from "./oddities.ts";
import { type Rank, rankOf } from "./placement.ts";
import type { NodeOddity } from "./rehearsal.ts";
import { followed } from "./view.ts";

/** One node as the choice sees it: what it answered just now, or why it did not. */
export interface Contender {
  readonly node: NodeId;
  /** null: asked, no answer. */
  readonly facts: NodeFacts | null;
  /** What is known to be odd about it, by this answer and by the last rehearsal. */
  readonly oddities: readonly NodeOddity[];
  /** Whether this observer held it down before; then it was not asked. */
  readonly isHeldDown: boolean;
  /** Whether it keeps what it has for an inspection. */
  readonly isKept: boolean;
  /** The last offset that this observer ever saw of it. */
  readonly lastKnownOffset: number | null;
}

export interface Assessment {
  readonly node: NodeId;
  readonly isEligible: boolean;
  readonly offset: number | null;
  readonly lagBytes: number | null;
  /** Whether nothing but the age of its link speaks against it. */
  readonly isStale: boolean;
  /** Why it is not eligible; for an eligible one, what was seen. */
  readonly why: string;
}

export type Choice =
  | {
      readonly kind: "chosen";
      readonly node: NodeId;
      readonly facts: NodeFacts;
      readonly why: string;
    }
  | { readonly kind: "none"; readonly why: string };

export interface Election {
  readonly choice: Choice;
  readonly field: readonly Assessment[];
}

export interface ElectionInput {
  readonly config: GroupConfig;
  readonly master: MasterRecord;
  /** Whether the master itself may be chosen: only when it is up and no longer a master. */
  readonly isMasterEligible: boolean;
  readonly contenders: readonly Contender[];
  /** Highest offset of the dead master known to anybody; null when nobody saw one. */
  readonly masterOffset: number | null;
  /** How long the master has been gone for this observer. */
  readonly masterGoneMs: number;
  /** Who could not be promoted just before: it comes after everybody else. */
  readonly failedBefore: NodeId | null;
  /** Whether the master is to hand over to it: that takes a replica of its own that keeps up (protocol F4). */
  readonly isHandOver: boolean;
  /** What nobody who is chosen may have, beside what forbids a promotion always. */
  readonly avoided: readonly NodeOddity[];
  /** The node that an operator named; nobody else is chosen then. */
  readonly only: NodeId | null;
  /** How many bytes an operator consents to lose, which may be more than `maxLagBytes` (DESIGN 4.3); null: none said. */
  readonly consentedLossBytes: number | null;
  /** What the master came back with, if that is less than it had; null: it is not. */
  readonly lesser: Lesser | null;
}

/** The id under which it goes on, and up to which byte it has the recorded history; null: nobody can tell. */
export interface Lesser {
  readonly replid: string;
  readonly upTo: number | null;
}

/**
 * Chooses the node to promote: Sentinel's filters and order (priority, offset, run id; sentinel.md 1.6), plus lineage,
 * a completed synchronisation and the lag bound (DESIGN 4.3). Unlike Sentinel it works on answers given just now.
 */
export function elect(input: ElectionInput): Election {
  const field = readmit(input.contenders.map((contender) => assess(input, contender)));
  const able = input.contenders.flatMap((contender) => {
    const facts = contender.facts;
    const isEligible = field.find((row) => row.node === contender.node)?.isEligible ?? false;
    if (facts === null || !isEligible) return [];
    const rank = rankOf(input.config, contender.node, facts.priority);
    return [{ node: contender.node, facts, rank }];
  });
  const eligible = able.toSorted((a, b) => {
    const isLater = (node: NodeId) => (node === input.failedBefore ? 1 : 0);
    return isLater(a.node) - isLater(b.node) || compare(a, b, able);
  });
  const best = eligible[0];
  if (best === undefined) return { choice: { kind: "none", why: whyNone(field) }, field };
  const ahead = aheadOf(input, best.facts.offset);
  if (ahead !== undefined) {
    const why = `${ahead.node} is silent now but was seen at offset ${ahead.lastKnownOffset}, beyond ${best.facts.offset} of ${best.node}`;
    return { choice: { kind: "none", why }, field };
  }
  const { node, facts } = best;
  return { choice: { kind: "chosen", node, facts, why: whyChosen(best, eligible.length) }, field };
}

/**
 * A silent node that holds more than the choice: what only it has would be lost. An operator who consented to lose as
 * much has decided that already.
 */
function aheadOf(input: ElectionInput, offset: number): Contender | undefined {
  const reach = offset + (input.consentedLossBytes ?? 0);
  return input.contenders.find(
    (one) =>
      one.facts === null && !one.isHeldDown && !one.isKept && (one.lastKnownOffset ?? -1) > reach,
  );
}

function assess(input: ElectionInput, contender: Contender): Assessment {
  const { node, facts } = contender;
  const offset = facts?.offset ?? contender.lastKnownOffset;
  const lagBytes =
    facts === null || input.masterOffset === null
      ? null
      : Math.max(0, input.masterOffset - facts.offset);
  const refusal = refusalOf(input, contender, lagBytes);
  const stale = refusal === null ? stalenessOf(input, contender) : null;
  const seen = lagBytes === null ? "lag unknown" : `${lagBytes} bytes behind the last known offset`;
  const why = refusal ?? stale ?? seen;
  const isEligible = refusal === null && stale === null;
  return { node, isEligible, offset, lagBytes, isStale: stale !== null, why };
}

/**
 * Sentinel's sixth filter keeps a replica that lost its link long ago from being promoted. It knows no histories; within
 * one, whoever holds as much as the best of the others is no staler than they are.
 */
function readmit(field: readonly Assessment[]): readonly Assessment[] {
  const eligible = field.filter((row) => row.isEligible);
  if (eligible.length === 0) return field;
  const freshest = Math.max(...eligible.map((row) => row.offset ?? 0));
  return field.map((row) => {
    if (!row.isStale || (row.offset ?? -1) < freshest) return row;
    return { ...row, isEligible: true, why: `${row.why}, and nobody holds more` };
  });
}

/** Its offset counts on in the history of a master that it went on with, which says nothing of what the others have beside it. */
function hasNoMore({ master, lesser }: ElectionInput, facts: NodeFacts): boolean {
  if (lesser === null) return false;
  return (
    facts.replid === lesser.replid ||
    (lesser.upTo !== null && extentIn(master, facts) <= lesser.upTo)
  );
}

function refusalOf(input: ElectionInput, contender: Contender, lagBytes: number | null) {
  const { facts, node } = contender;
  const { settings } = input.config;
  if (contender.isHeldDown) return "it is down";
  if (contender.isKept) return "it keeps what it has until an operator releases it";
  if (facts === null) return "it did not answer";
  if (node === input.master.node && !input.isMasterEligible) return "it is the suspect";
  if (input.only !== null && node !== input.only) return `${input.only} was asked for`;
  const barrier = barrierOf(contender.oddities);
  // A replica with writes of its own is known to replicate: whoever names it accepts what it holds.
  if (barrier !== null && !(barrier === "writable-replica" && input.only === node)) {
    return sayOddity("it", barrier);
  }
  if (facts.isLoading) return "it is loading its data set";
  const { never } = rankOf(input.config, node, facts.priority);
  if (never !== null) return never;
  if (!isOfChain(input.master, facts)) return sayHistory(facts);
  if (hasNoMore(input, facts)) return "it has no more than the master came back with";
  if (input.isHandOver && !isKeepingUp(input, facts)) {
    return `it is no replica of ${input.master.node} with its link up`;
  }
  const avoided = contender.oddities.find((oddity) => input.avoided.includes(oddity));
  if (avoided !== undefined) return sayOddity("it", avoided);
  if (facts.role === "replica") {
    // A master that was made a replica needs neither a synchronisation nor a link to hold the group's data.
    const isOwnData = node === input.master.node;
    if (!facts.hasSynced && !isOwnData) return "it has never completed a synchronisation";
    if (facts.isSyncing) return "it is in the middle of a synchronisation";
  }
  const consentedBytes = input.consentedLossBytes ?? 0;
  const isConsentLarger = consentedBytes > settings.maxLagBytes;
  const allowedBytes = isConsentLarger ? consentedBytes : settings.maxLagBytes;
  if (lagBytes !== null && lagBytes > allowedBytes) {
    const limit = isConsentLarger ? "the consented" : "maxLagBytes";
    return `it is ${lagBytes} bytes behind, more than ${limit} ${allowedBytes}`;
  }
  return null;
}

/** Whoever has to choose wants to know what there is: the marker says that it was the group's once, and not how new it is. */
function sayHistory(facts: NodeFacts): string {
  const what = "it holds another history than the master's";
  if (!isMarked(facts)) return what;
  return `${what}, with the group's marker of epoch ${facts.marker} and ${facts.keys} keys`;
}

/** Sentinel's sixth filter: a link that was down for much longer than the master is gone (sentinel.md 1.6). */
function stalenessOf(input: ElectionInput, { node, facts }: Contender): string | null {
  if (facts?.role !== "replica" || node === input.master.node) return null;
  const linkDownMs = (facts.linkDownSeconds ?? 0) * 1_000;
  const allowedMs = input.masterGoneMs + 10 * input.config.settings.downAfterMs;
  if (linkDownMs <= allowedMs) return null;
  return `its link was down for ${linkDownMs} ms, more than ${Math.round(allowedMs)} ms`;
}

function isKeepingUp({ config, master }: ElectionInput, facts: NodeFacts): boolean {
  return facts.role === "replica" && facts.isLinkUp && followed(config, facts) === master.node;
}

interface Ranked {
  readonly facts: NodeFacts;
  readonly rank: Rank;
}

/** Total order, independent of the order of the input: priority, offset, a master before its replicas, run id. */
function compare(one: Ranked, other: Ranked, eligible: readonly Ranked[]): number {
  const byRank = one.rank.priority - other.rank.priority;
  if (byRank !== 0) return byRank;
  const [a, b] = [standingOf(one, eligible), standingOf(other, eligible)];
  if (a.reach !== b.reach) return b.reach - a.reach;
  if (a.isFeeding !== b.isFeeding) return a.isFeeding ? -1 : 1;
  const [first, second] = [one.facts.runId, other.facts.runId];
  return first < second ? -1 : first > second ? 1 : 0;
}

/**
 * A master holds all that its replicas hold, and what comes to it after it was asked comes to them later:
 *
 *   master is asked: 100 | a write: 150 | it reaches the replica | the replica is asked: 150
 */
function standingOf({ facts }: Ranked, eligible: readonly Ranked[]) {
  const fed = eligible.flatMap(({ facts: { role, isLinkUp, replid, offset } }) =>
    role === "replica" && isLinkUp && replid === facts.replid ? [offset] : [],
  );
  const isFeeding = facts.role === "master" && fed.length > 0;
  return { isFeeding, reach: isFeeding ? Math.max(facts.offset, ...fed) : facts.offset };
}

function whyChosen({ facts, rank }: Ranked, rivals: number): string {
  const among = rivals === 1 ? "the only eligible node" : `best of ${rivals} eligible nodes`;
  const role = facts.role === "master" ? ", already a master" : "";
  return `${among}: priority ${rank.priority} ${rank.by}, offset ${facts.offset}${role}`;
}

function whyNone(field: readonly Assessment[]): string {
  return field.length === 0
    ? "the group has no other node"
    : field.map((row) => `${row.node}: ${row.why}`).join("; ");
}

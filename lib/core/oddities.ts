import type { NodeMemory } from "./detector.ts";
import { type Elsewhere, isContested, mayBeElsewhere } from "./elsewhere.ts";
import { isOurs, isSameServer } from "./identity.ts";
import type { NodeFacts } from "./model.ts";
import type { NodeOddity, Rehearsal } from "./rehearsal.ts";
import { verdictOf } from "./verdict.ts";
import { isAnswering, nodesExcept, type View } from "./view.ts";

/** What is odd about nodes that answer: how it is told, and what it stands in the way of. */
interface Meaning {
  /** The end of a sentence that begins with the node's name. */
  readonly what: string;
  readonly remedy: string;
  /** What must not be done with such a node: "adoption" is of its group, at bootstrap, and includes nothing later. */
  readonly bars: "promotion" | "adoption" | "nothing";
}

const serverOfOneGroup =
  "leave it to one of them, or restart it if it is a copy of a running machine";

const meanings: Readonly<Record<NodeOddity, Meaning>> = {
  cluster: {
    what: "runs in cluster mode, which replicates by itself",
    remedy: "set cluster-enabled to no, or leave it out of the groups file",
    bars: "promotion",
  },
  managed: {
    what: "belongs to ElastiCache, which forbids REPLICAOF",
    remedy: "leave it out of the groups file: its own service fails it over",
    bars: "promotion",
  },
  "writable-replica": {
    what: "is a replica that takes writes of its own, so nobody knows what it holds",
    remedy: "set replica-read-only to yes and let it synchronise again",
    bars: "promotion",
  },
  "memory-full": {
    what: "holds more than maxmemory and may evict nothing, so as a master it refuses writes",
    remedy: "raise maxmemory, delete keys, or let maxmemory-policy evict some",
    bars: "nothing",
  },
  "cannot-save": {
    what: "could not write its data when it last tried, so as a master it may refuse writes",
    remedy: "see its log, and give it a folder with room that it may write to",
    bars: "nothing",
  },
  "no-replicaof": {
    what: "refuses REPLICAOF, so it can neither be promoted nor follow another master",
    remedy: "undo rename-command, or add +replicaof to the user's ACL",
    bars: "promotion",
  },
  "no-transaction": {
    what: "refuses MULTI or EXEC, in which every role is changed",
    remedy: "undo rename-command, or add +multi +exec to the user's ACL",
    bars: "promotion",
  },
  "no-failover": {
    what: "refuses FAILOVER, so it can't hand over as a master",
    remedy: "use Redis 6.2 or later, undo rename-command, or add +failover to the user's ACL",
    bars: "nothing",
  },
  "no-marker": {
    what: "lets the observers not read, watch or write the group's marker key",
    remedy:
      "add +get +set +eval +watch +unwatch and the key to the user's ACL, or set marker to false",
    bars: "nothing",
  },
  "no-client-kill": {
    what: "refuses CLIENT KILL, without which a late observer is not fenced",
    remedy: "add +client|kill to the user's ACL",
    bars: "nothing",
  },
  "no-client-unpause": {
    what: "refuses CLIENT UNPAUSE, so writes may stay paused after a hand-over that failed",
    remedy: "add +client|unpause to the user's ACL",
    bars: "nothing",
  },
  "no-client-list": {
    what: "refuses CLIENT LIST, so nobody sees whether Redis Sentinels are connected",
    remedy: "add +client|list to the user's ACL",
    bars: "nothing",
  },
  "no-script-kill": {
    what: "lets the observers stop no script, which the group's killBusyScripts wants",
    remedy: "add +script|kill +function|kill to the user's ACL, or set killBusyScripts to false",
    bars: "nothing",
  },
  "no-config-get": {
    what: "refuses CONFIG GET, so nobody sees its ping period and its masterauth",
    remedy: "add +config|get to the user's ACL",
    bars: "nothing",
  },
  "no-config-rewrite": {
    what: "refuses CONFIG REWRITE, so a restart brings back an older role",
    remedy: "add +config|rewrite to the user's ACL",
    bars: "nothing",
  },
  "no-write-probe": {
    what: "lets the observers not write the group's writeProbeKey, so nobody knows whether it takes writes",
    remedy: "add +set and the key to the user's ACL, or leave writeProbeKey out",
    bars: "nothing",
  },
  "no-masterauth": {
    what: "has no masterauth, and another node asks for a login: it could never follow that one",
    remedy: "set masterauth, and masteruser where there is one, on every node",
    bars: "adoption",
  },
  "no-replication-tls": {
    what: "has tls-replication off, and another node has it on: one could never follow the other",
    remedy: "set tls-replication alike on every node",
    bars: "adoption",
  },
  "same-server": {
    what: "is the same server as another node of the group",
    remedy: "name each server once in the groups file",
    bars: "adoption",
  },
  "another-group": {
    what: "is a server of another group, too, under another name",
    remedy: serverOfOneGroup,
    bars: "promotion",
  },
};

/** `n1 runs in cluster mode, …; set cluster-enabled …` */
export function sayOddity(node: string, oddity: NodeOddity): string {
  const { what, remedy } = meanings[oddity];
  return `${node} ${what}; ${remedy}`;
}

/** The id of the oddity that such a sentence about the node tells; null: none that this version knows. */
export function oddityIn(node: string, sentence: string): string | null {
  const known = oddityKinds().find(({ begins }) => sentence.startsWith(`${node} ${begins}`));
  return known?.id ?? null;
}

/** Every oddity there is, with how a sentence about it goes on after the node's name. */
export function oddityKinds() {
  return Object.entries(meanings).map(([id, meaning]) => ({
    id,
    begins: id === "another-group" ? "is a server of" : meaning.what,
    ...meaning,
  }));
}

/** The same as a sentence, and where the other name is, for those who can be shown it. */
export function describeOddity(view: View, node: string, oddity: NodeOddity): string {
  const other = view.memory.elsewhere[node];
  if (oddity !== "another-group" || other === undefined) return sayOddity(node, oddity);
  const fate = sayFate(view, node, other);
  return `${node} is a server of group ${other.group}, too, under the name ${other.node}: ${fate}; ${serverOfOneGroup}`;
}

function sayFate({ memory }: View, node: string, { group, isClaimed }: Elsewhere): string {
  const { state } = memory;
  if (state === undefined || state === null || state.master === null) {
    return "this group is not adopted with it";
  }
  if (!isClaimed) return `${group} leaves it alone`;
  const facts = memory.nodes[node]?.facts ?? null;
  return facts === null || isOurs(state, facts)
    ? "neither group promotes, attaches or demotes it"
    : `it holds what ${group} has, and is left alone here`;
}

/** Why the node must not be promoted, if it must not. */
export function barrierOf(oddities: readonly NodeOddity[]): NodeOddity | null {
  return oddities.find((oddity) => meanings[oddity].bars === "promotion") ?? null;
}

/** What is known of one node by itself. What it says now is said anew, what was rehearsed lasts until the next time. */
export function ownOddities(
  facts: NodeFacts | null,
  rehearsal: Rehearsal | null,
): readonly NodeOddity[] {
  return [...(facts?.oddities ?? []), ...(rehearsal?.oddities ?? [])];
}

/** What may stand in the way of the node's promotion. */
export function barringOddities(
  view: View,
  node: NodeMemory,
  facts: NodeFacts | null,
): readonly NodeOddity[] {
  const own = ownOddities(facts, node.rehearsal);
  return isContested(view, node.node) ? [...own, "another-group"] : own;
}

/** Everything odd about a node: by itself, and beside the others of its group. */
export function odditiesOf(view: View, node: NodeMemory): readonly NodeOddity[] {
  const own = ownOddities(node.facts, node.rehearsal);
  const others = nodesExcept(view, node.node);
  const setup = node.rehearsal?.replication ?? null;
  const othersSetups = others.flatMap((one) => one.rehearsal?.replication ?? []);
  const isLoginUsed = othersSetups.some((one) => one.isLoginNeeded || one.isLoginSet);
  const isTlsUsed = othersSetups.some((one) => one.isTls);
  const found: readonly (readonly [NodeOddity, boolean])[] = [
    ["no-write-probe", node.writeProbe?.answer === "denied"],
    ["no-masterauth", setup !== null && !setup.isLoginSet && isLoginUsed],
    ["no-replication-tls", setup !== null && !setup.isTls && isTlsUsed],
    ["same-server", others.some((one) => isSameServer(one, node))],
    ["another-group", view.memory.elsewhere[node.node] !== undefined],
  ];
  return [...own, ...found.flatMap(([oddity, isSo]) => (isSo ? [oddity] : []))];
}

/** Why a group must not be adopted although one master is found; null: nothing stands against it. */
export function whyNotAdopted(view: View): string | null {
  for (const node of Object.values(view.memory.nodes)) {
    if (!isAnswering(node)) continue;
    const { lastReply } = node;
    const verdict = verdictOf(node, view.settings, view.nowMs);
    if (lastReply?.kind === "error" && (verdict.kind === "foreign" || verdict.kind === "denied")) {
      const what = verdict.kind === "foreign" ? "is no Redis server" : "lets nobody look";
      return `${node.node} ${what}: ${lastReply.text}`;
    }
    const odd = odditiesOf(view, node).find((oddity) => meanings[oddity].bars !== "nothing");
    if (odd !== undefined) return describeOddity(view, node.node, odd);
  }
  return mayBeElsewhere(view) ? "the nodes of the other groups have not been asked yet" : null;
}

import { oddityIn, oddityKinds } from "../../core/oddities.ts";
import type { NodeStatus } from "../../status/report.ts";
import { type GroupFacts, isDown, type Sight, sayWhen, sightsOf } from "./facts.ts";
import { type Finding, finder, type Kinds } from "./finding.ts";

/** What the observers see of each node: whether it answers, how fast, how far it is, and what is odd about it. */

export const nodeKinds = {
  "master-down": {
    severity: "error",
    title: "no observer reaches the master",
    todo: "see `lambda-sentinel status` for what is done about it",
    see: "docs/operating.md#master-down",
  },
  "node-down": {
    severity: "warning",
    title: "no observer reaches a replica",
    todo: "start it, or take it out of the file",
    see: "docs/how-it-works.md#41-suspect",
  },
  "node-unreachable": {
    severity: "warning",
    title: "some observers reach a node and others don't",
    todo: "see the network between them: routes, security groups, name look-ups",
    see: "docs/deploying.md#how-the-functions-reach-aws",
  },
  "node-refusing": {
    severity: "warning",
    title: "a node answers with an error",
    todo: "mend what it says: a password, a script, a full disk or memory, or that it loads",
    see: "docs/how-it-works.md#41-suspect",
  },
  "node-unseen": {
    severity: "warning",
    title: "no observer has said anything of a node",
    todo: "wait for the next heartbeats; then see the observers' findings",
    see: "docs/cli.md#ckquorum",
  },
  "node-slow": {
    severity: "warning",
    title: "a node's answer takes more than half of `probeTimeoutMs`",
    todo: "see what keeps it or the network busy, or raise `probeTimeoutMs`",
    see: "docs/settings.md",
  },
  "node-lagging": {
    severity: "warning",
    title: "a replica lags by more than `maxLagBytes`, so that it would not be promoted",
    todo: "see its link and its load, or raise `maxLagBytes`",
    see: "docs/settings.md",
  },
  "node-unfit": {
    severity: "warning",
    title: "a replica could not take the master's place",
    todo: "mend the reason; without it the group has one successor less",
    see: "docs/how-it-works.md#43-choose",
  },
  "odd-server": {
    severity: "warning",
    title: "observers say something odd of a node",
    todo: "do as they say",
    see: "docs/limits.md#redis",
  },
} as const satisfies Kinds;

/** Each oddity that the observers know is a finding of its own, under its own id. */
export const oddKinds: Kinds = Object.fromEntries(
  oddityKinds().map(({ id, what, remedy, bars }) => [
    id,
    {
      severity: bars === "nothing" ? ("warning" as const) : ("error" as const),
      title: what,
      todo: remedy,
      see: remedy.includes("ACL") ? "docs/threat-model.md#redis" : "docs/limits.md#redis",
    },
  ]),
);

const found = finder(nodeKinds);

export function examineNodes(facts: GroupFacts): readonly Finding[] {
  return facts.status.nodes.flatMap((node) => {
    const sights = sightsOf(facts, node);
    return [
      ...examineReach(node, sights),
      ...examineLatency(facts, node, sights),
      ...examineFitness(facts, node, sights),
      ...examineOddities(node, sights),
    ];
  });
}

function examineReach(node: NodeStatus, sights: readonly Sight[]): readonly Finding[] {
  if (sights.length === 0) return [found("node-unseen", node.id, "in no present heartbeat")];
  const unreached = sights.filter((sight) => isDown(sight) || isUnasked(sight));
  const said = unreached.map((sight) => `${sight.seen.verdict} for ${sayWhen(sight)}`).join(", ");
  if (unreached.length === sights.length) {
    return [found(node.isMaster ? "master-down" : "node-down", node.id, said)];
  }
  const refusing = sights.filter(({ seen }) => !isFine(seen.verdict));
  const errors = refusing.filter((sight) => !unreached.includes(sight));
  const told = errors.map((sight) => `${sight.seen.verdict} for ${sayWhen(sight)}`).join(", ");
  return [
    ...(unreached.length > 0 ? [found("node-unreachable", node.id, said)] : []),
    ...(errors.length > 0 ? [found("node-refusing", node.id, told)] : []),
  ];
}

function isUnasked({ seen }: Sight): boolean {
  return seen.verdict === "unresolved" || seen.verdict === "blind";
}

/** One missed probe makes it slow, which says nothing yet. */
function isFine(verdict: string): boolean {
  return verdict === "up" || verdict === "slow";
}

function examineLatency(
  { config }: GroupFacts,
  { id }: NodeStatus,
  sights: readonly Sight[],
): readonly Finding[] {
  const limitMs = config.settings.probeTimeoutMs / 2;
  const slow = sights.filter(({ seen }) => (seen.latencyMs ?? 0) > limitMs);
  if (slow.length === 0) return [];
  const said = slow.map((sight) => `${sight.seen.latencyMs} ms from ${sayWhen(sight)}`).join(", ");
  return [found("node-slow", id, `${said}; half of probeTimeoutMs is ${limitMs} ms`)];
}

function examineFitness(
  { config }: GroupFacts,
  node: NodeStatus,
  sights: readonly Sight[],
): readonly Finding[] {
  if (node.isMaster || sights.every(isDown)) return [];
  const { maxLagBytes } = config.settings;
  const lag = Math.min(...sights.map(({ seen }) => seen.lagBytes ?? 0));
  const unfit = sights.filter(({ seen }) => seen.unfit !== null);
  const [first] = unfit;
  return [
    ...(lag > maxLagBytes
      ? [found("node-lagging", node.id, `${lag} bytes behind, allowed are ${maxLagBytes}`)]
      : []),
    ...(first !== undefined && unfit.length === sights.length
      ? [found("node-unfit", node.id, `${first.seen.unfit}, says ${sayWhen(first)}`)]
      : []),
  ];
}

/** The same sentence of several observers is one finding. */
function examineOddities(node: NodeStatus, sights: readonly Sight[]): readonly Finding[] {
  const sayers = new Map<string, Sight[]>();
  for (const sight of sights) {
    for (const said of sight.seen.oddities) {
      sayers.set(said, [...(sayers.get(said) ?? []), sight]);
    }
  }
  return [...sayers].map(([said, by]) => {
    const id = oddityIn(node.id, said);
    const evidence = `${said}, says ${by.map(sayWhen).join(", ")}`;
    const kind = id === null ? undefined : oddKinds[id];
    if (id === null || kind === undefined) return found("odd-server", node.id, evidence);
    return { id, about: node.id, evidence: `says ${by.map(sayWhen).join(", ")}`, ...kind };
  });
}

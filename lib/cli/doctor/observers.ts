import { votesNeeded } from "../../core/config.ts";
import { formatAge } from "../../status/collect.ts";
import type { NodeStatus, ObserverStatus } from "../../status/report.ts";
import { type GroupFacts, isDown, masterOf, present, sightsOf } from "./facts.ts";
import { type Finding, finder, type Kinds } from "./finding.ts";

/** Who watches, whether their votes could come together, and whether they would go down with what they watch. */

export const observerKinds = {
  "no-quorum": {
    severity: "error",
    title: "too few observers are of use for a failover",
    todo: "see the findings about each observer, and the logs of those that are silent; `lambda-sentinel ckquorum` listens to them",
    see: "docs/operating.md#group-without-quorum",
  },
  "bare-quorum": {
    severity: "warning",
    title: "the votes for a failover come together only if nobody else is lost",
    todo: "bring the missing observers back",
    see: "docs/cli.md#ckquorum",
  },
  "quorum-without-spare": {
    severity: "warning",
    title: "a failover needs every observer: the loss of one ends protection",
    todo: "use three observers or more, and no `quorum` above their majority",
    see: "docs/settings.md",
  },
  "even-observers": {
    severity: "note",
    title: "an even number of observers survives no more losses than one observer less",
    todo: "add one, or leave one out",
    see: "docs/settings.md",
  },
  "observer-silent": {
    severity: "warning",
    title: "an observer has not reported for too long",
    todo: "see its log and its schedule",
    see: "docs/operating.md#observer-silent",
  },
  "observer-absent": {
    severity: "warning",
    title: "an observer of the group has never said anything of it",
    todo: "deploy it under this name, with this table, or take it out of the file",
    see: "docs/deploying.md#deploy",
  },
  "observer-blind": {
    severity: "warning",
    title: "no node answers an observer, so its vote counts for nothing",
    todo: "see its network: subnets, security groups, routes",
    see: "docs/deploying.md#how-the-functions-reach-aws",
  },
  "observer-behind": {
    severity: "warning",
    title: "an observer holds another configuration than the one in force",
    todo: "wait for its next shift, a minute; then see its log",
    see: "docs/cli.md#apply",
  },
  "code-differs": {
    severity: "warning",
    title: "observers run different versions of the code",
    todo: "finish the deployment: `npm run deploy -- --stage NAME`",
    see: "docs/deploying.md#deploy",
  },
  "clock-ahead": {
    severity: "note",
    title: "an observer's clock and this machine's differ, so ages are wrong",
    todo: "set this machine's clock; no decision compares the two",
    see: "docs/how-it-works.md",
  },
  "shared-fate": {
    severity: "warning",
    title: "one place holds a node and so many observers that its loss leaves no quorum",
    todo: "move observers to other places, so that a quorum is left wherever the master is",
    see: "docs/deploying.md#where-the-table-stands",
  },
  "one-place": {
    severity: "warning",
    title: "all nodes stand in one zone",
    todo: "put a replica into another zone",
    see: "docs/settings.md#where-a-master-may-live",
  },
  "places-unsaid": {
    severity: "note",
    title: "the file does not say where nodes stand, so nobody can tell who goes down together",
    todo: "write `zone` and `region` beside each node",
    see: "docs/settings.md#where-a-master-may-live",
  },
} as const satisfies Kinds;

const found = finder(observerKinds);

export function examineObservers(facts: GroupFacts): readonly Finding[] {
  return [
    ...examineQuorum(facts),
    ...facts.status.observers.flatMap((observer) => examineObserver(facts, observer)),
    ...examineCode(facts),
    ...examinePlaces(facts),
  ];
}

function examineQuorum(facts: GroupFacts): readonly Finding[] {
  const { config } = facts;
  const needed = votesNeeded(config);
  const all = config.observers.length;
  const usable = present(facts).filter((one) => isUsable(facts, one)).length;
  const evidence = `${usable} of use, ${all} configured, ${needed} needed`;
  if (usable < needed) return [found("no-quorum", null, evidence)];
  if (needed === all) return [found("quorum-without-spare", null, evidence)];
  return [
    ...(usable === needed ? [found("bare-quorum", null, evidence)] : []),
    ...(all % 2 === 0 ? [found("even-observers", null, evidence)] : []),
  ];
}

function isUsable(facts: GroupFacts, observer: ObserverStatus): boolean {
  return observer.configVersion === facts.config.version && !isBlind(facts, observer);
}

function isBlind(facts: GroupFacts, { name }: ObserverStatus): boolean {
  const sights = facts.status.nodes.flatMap((node) =>
    sightsOf(facts, node).filter(({ observer }) => observer.name === name),
  );
  return sights.length > 0 && sights.every(isDown);
}

/** So much of a difference no network explains. */
const clockMs = 5_000;

function examineObserver(facts: GroupFacts, observer: ObserverStatus): readonly Finding[] {
  const { name, status, ageMs, configVersion } = observer;
  if (status === "absent") return [found("observer-absent", name, "no heartbeat names the group")];
  if (status === "stale") {
    return [found("observer-silent", name, `last heard of ${formatAge(ageMs)} ago`)];
  }
  const inForce = facts.status.configVersion;
  return [
    ...(isBlind(facts, observer)
      ? [found("observer-blind", name, `as it says, ${formatAge(ageMs)} ago`)]
      : []),
    ...(inForce !== null && configVersion !== inForce
      ? [
          found(
            "observer-behind",
            name,
            `it holds version ${configVersion}, in force is ${inForce}`,
          ),
        ]
      : []),
    ...(ageMs !== null && ageMs < -clockMs
      ? [found("clock-ahead", name, `its last heartbeat is ${formatAge(-ageMs)} ahead of us`)]
      : []),
  ];
}

function examineCode(facts: GroupFacts): readonly Finding[] {
  const heard = present(facts);
  const versions = new Set(heard.map(({ codeVersion }) => codeVersion));
  if (versions.size < 2) return [];
  const list = heard.map(({ name, codeVersion }) => `${name} ${codeVersion}`).join(", ");
  return [found("code-differs", null, list)];
}

function examinePlaces(facts: GroupFacts): readonly Finding[] {
  const { nodes } = facts.status;
  if (nodes.every(({ zone, region }) => zone === null && region === null)) {
    return [found("places-unsaid", null, `none of ${nodes.length} nodes has a zone or a region`)];
  }
  const zones = new Set(nodes.map(({ zone }) => zone));
  const [only] = zones;
  const isTogether = nodes.length > 1 && zones.size === 1 && typeof only === "string";
  return [
    ...(isTogether ? [found("one-place", only, `${nodes.length} nodes`)] : []),
    ...examineFate(facts),
  ];
}

/** An observer is taken to stand in the place that its name contains: that is how stages name them. */
function examineFate(facts: GroupFacts): readonly Finding[] {
  const { config, status } = facts;
  const needed = votesNeeded(config);
  const master = masterOf(facts);
  const places = status.nodes.flatMap(({ zone, region }) => [zone, region]);
  return [...new Set(places)].flatMap((place) => {
    const lost = status.nodes.filter((node) => standsIn(node, place));
    // Where all nodes go, nobody is left to be promoted, with a quorum or without.
    if (place === null || lost.length === status.nodes.length) return [];
    const inside = config.observers.filter((name) => name.includes(place));
    const left = config.observers.length - inside.length;
    if (inside.length === 0 || left >= needed) return [];
    const who = master !== undefined && lost.includes(master) ? "the master" : "a replica";
    const evidence = `${who} and observers ${inside.join(", ")} stand in ${place}; ${left} of ${needed} needed would be left`;
    return [found("shared-fate", place, evidence)];
  });
}

function standsIn({ zone, region }: NodeStatus, place: string | null): boolean {
  return zone === place || region === place;
}

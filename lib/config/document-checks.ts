import { formatAddress } from "../core/config.ts";
import type { ReadGroup } from "./draft.ts";
import { type Finding, formatPath, type Path, problemAt, warningAt } from "./problems.ts";

/** What must hold between groups, and of the observers as a whole. */
export function checkDocument(
  observers: readonly unknown[],
  groups: readonly ReadGroup[],
): readonly Finding[] {
  return [...checkObservers(observers), ...checkGroups(groups)];
}

function checkObservers(observers: readonly unknown[]): readonly Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<unknown, Path>();
  for (const [index, name] of observers.entries()) {
    const first = seen.get(name);
    const path = ["observers", index];
    if (first === undefined) seen.set(name, path);
    else {
      const message = `expected each observer once, got "${name}" again, first at ${formatPath(first)}: every observer has one vote`;
      findings.push(problemAt(path, message));
    }
  }
  return [...findings, ...checkObserverCount(seen.size)];
}

function checkObserverCount(count: number): readonly Finding[] {
  if (count === 1) {
    const message =
      "expected three or more observers, got one: what it can't reach is down for everybody";
    return [warningAt(["observers"], message)];
  }
  if (count > 0 && count % 2 === 0) {
    const message = `expected an odd number of observers, got ${count}: they survive the loss of no more observers than ${count - 1} would`;
    return [warningAt(["observers"], message)];
  }
  return [];
}

/** What groups must not share, and how it is called when two of them do. */
function checkGroups(groups: readonly ReadGroup[]): readonly Finding[] {
  return [
    ...findShared(groups, nameOf, (name) => `expected group names to differ, got "${name}"`),
    ...findShared(groups, nodesOf, (id) => `expected each node in one group only, got ${id}`),
    ...findShared(
      groups,
      recordsOf,
      (name) => `expected each record in one group only, got ${name}`,
    ),
  ];
}

interface Claim {
  readonly key: string;
  readonly path: Path;
}

function nameOf(group: ReadGroup): readonly Claim[] {
  return group.name === null ? [] : [{ key: group.name, path: [...group.path, "name"] }];
}

function nodesOf(group: ReadGroup): readonly Claim[] {
  return group.nodes.map(({ config, path }) => ({ key: formatAddress(config.probe), path }));
}

function recordsOf(group: ReadGroup): readonly Claim[] {
  return (["name", "replicas"] as const).flatMap((field) => {
    const key = group.dns?.[field] ?? null;
    return key === null ? [] : [{ key, path: [...group.path, "dns", field] }];
  });
}

function findShared(
  groups: readonly ReadGroup[],
  claimsOf: (group: ReadGroup) => readonly Claim[],
  explain: (key: string) => string,
): readonly Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<string, { readonly group: ReadGroup; readonly path: Path }>();
  for (const group of groups) {
    for (const { key, path } of claimsOf(group)) {
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, { group, path });
      else if (owner.group !== group) {
        const message = `${explain(key)} again, first at ${formatPath(owner.path)}`;
        findings.push(problemAt(path, message));
      }
    }
  }
  return findings;
}

import { diffGroups, type GroupDiff } from "../config/diff.ts";
import { toGroupConfig } from "../config/digest.ts";
import type { LoadedConfig } from "../config/load.ts";
import { formatPath, type Path, type Problem, sortProblems } from "../config/problems.ts";
import {
  addressesOf,
  findByReplicate,
  formatAddress,
  type GroupConfig,
  type NodeConfig,
} from "../core/config.ts";
import { nodeAt } from "../core/discovered.ts";
import type { GroupState } from "../core/model.ts";
import { whyUnpublishable } from "../core/records.ts";
import { inForce, whyMasterLost } from "./apply-master.ts";

/** What applying one group of the file means. */
export interface GroupPlan {
  readonly group: string;
  readonly diff: GroupDiff;
  /** The version that will be active: a new one, or the stored one when nothing changed. */
  readonly config: GroupConfig;
  readonly isNew: boolean;
  /** All versions that the table has, newest first. */
  readonly stored: readonly GroupConfig[];
  /** The version in force, as the file had it; null: none is. */
  readonly before: GroupConfig | null;
}

export interface ApplyPlan {
  readonly groups: readonly GroupPlan[];
  /** Of every group in the file and in the table. */
  readonly diffs: readonly GroupDiff[];
}

/** Decides versions by comparing the file with the newest stored version of each group. */
export function planApply(
  loaded: LoadedConfig,
  configs: readonly GroupConfig[],
  states: ReadonlyMap<string, GroupState | null>,
): ApplyPlan {
  const stored = byGroup(configs);
  const newest = newestOf(stored);
  const diffs = diffGroups(loaded.groups, newest);
  const groups = loaded.groups.flatMap((draft) => {
    const diff = diffs.find((one) => one.group === draft.name);
    if (diff === undefined) return [];
    const versions = stored.get(draft.name) ?? [];
    const isNew = diff.kind !== "unchanged";
    // A group that was removed has no version left but the one that its STATE remembers.
    const newestVersion = versions[0]?.version ?? states.get(draft.name)?.configVersion ?? 0;
    const version = newestVersion + (isNew ? 1 : 0);
    const config = toGroupConfig(draft, version);
    const before = inForce(configs, states.get(draft.name));
    return [{ group: draft.name, diff, config, isNew, stored: versions, before }];
  });
  return { groups, diffs };
}

function byGroup(configs: readonly GroupConfig[]): ReadonlyMap<string, readonly GroupConfig[]> {
  const groups = new Map<string, GroupConfig[]>();
  for (const config of configs) {
    const versions = groups.get(config.name) ?? [];
    versions.push(config);
    groups.set(config.name, versions);
  }
  for (const versions of groups.values()) versions.sort((a, b) => b.version - a.version);
  return groups;
}

function newestOf(
  stored: ReadonlyMap<string, readonly GroupConfig[]>,
): ReadonlyMap<string, GroupConfig> {
  return new Map(
    [...stored].flatMap(([name, [newest]]) =>
      newest === undefined ? [] : [[name, newest] as const],
    ),
  );
}

/**
 * What the file must not do to what the table holds: take another group's node or record, or drop the master under
 * its clients.
 */
export function checkAgainstTable(
  loaded: LoadedConfig,
  configs: readonly GroupConfig[],
  states: ReadonlyMap<string, GroupState | null>,
): readonly Problem[] {
  const newest = [...newestOf(byGroup(configs)).values()];
  const problems: Problem[] = [];
  const report = (path: Path, message: string): void => {
    const { file } = loaded;
    problems.push({ file, ...loaded.locate(path), path: formatPath(path), message });
  };
  for (const [index, draft] of loaded.groups.entries()) {
    const others = newest.filter((config) => config.name !== draft.name);
    for (const [position, node] of draft.nodes.entries()) {
      const owner = others.find((config) => addressesOf([config]).has(formatAddress(node.probe)));
      if (owner !== undefined) {
        report(["groups", index, "nodes", position], explainOwned(node, owner.name));
      }
    }
    for (const field of ["name", "replicas"] as const) {
      const name = draft.dns?.[field];
      const rival = others.find(({ dns }) => dns?.name === name || dns?.replicas === name);
      if (name === undefined || rival === undefined) continue;
      const message = `expected each record in one group only, got ${name}, which the table has in group "${rival.name}"`;
      report(["groups", index, "dns", field], message);
    }
    for (const [position, node] of draft.nodes.entries()) {
      const finding = others.flatMap(({ name }) => findingOf(name, states.get(name), node));
      for (const message of finding) report(["groups", index, "nodes", position], message);
    }
    for (const message of unpublishableIn(draft, states.get(draft.name))) {
      report(["groups", index, "dns"], message);
    }
    const state = states.get(draft.name);
    const master = whyMasterLost(draft, state, inForce(configs, state));
    if (master !== null) report(["groups", index, "nodes"], master);
  }
  return sortProblems(problems);
}

/** A node that another group has found; none, or one message. */
function findingOf(
  group: string,
  state: GroupState | null | undefined,
  { id, probe, replicate }: NodeConfig,
): readonly string[] {
  const own = [probe, replicate].map(formatAddress);
  const found = (state?.discovered ?? []).map(formatAddress).filter((one) => own.includes(one));
  return found.map(
    (one) =>
      `expected each node in one group only, got ${id}, which the observers have found in group "${group}"; run \`lambda-sentinel forget ${group} ${one}\` first`,
  );
}

/** What was found has to fit the record as the nodes of the file do. */
function unpublishableIn(
  draft: Pick<GroupConfig, "name" | "dns" | "nodes">,
  state: GroupState | null | undefined,
): readonly string[] {
  const found = (state?.discovered ?? []).filter(
    ({ host, port }) => findByReplicate(draft, host, port) === undefined,
  );
  return found.map(nodeAt).flatMap((node) => {
    const why = whyUnpublishable(draft, node);
    if (why === null) return [];
    return `expected a record that fits ${node.id} too, which was discovered, got one where ${why}; forget that node first, or name it in the file with an address to publish`;
  });
}

function explainOwned({ id, probe }: NodeConfig, owner: string): string {
  const address = formatAddress(probe);
  const node = id === address ? id : `${id} at ${address}`;
  return `expected each node in one group only, got ${node}, which the table has in group "${owner}"; take it out there first with \`apply --wait\``;
}

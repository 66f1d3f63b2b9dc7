import { kindOfHost } from "../../config/address.ts";
import { findNode, formatAddress } from "../../core/config.ts";
import type { NodeSetup } from "../../core/rehearsal.ts";
import type { NodeStatus } from "../../status/report.ts";
import { type GroupFacts, type Sight, sayWhen, sightsOf } from "./facts.ts";
import { type Finding, finder, type Kinds } from "./finding.ts";

/** How the servers are set up, as the observers were told with the last rehearsal: a minute old, as a rule. */

export const serverKinds = {
  "setup-unknown": {
    severity: "note",
    title: "observers don't say how a node is set up",
    todo: "wait for a shift of this version that the node answers; let `CONFIG GET` and `INFO` be allowed",
    see: "docs/threat-model.md#redis",
  },
  "restarts-empty": {
    severity: "error",
    title: "it keeps no data on disk, and something starts it again by itself",
    todo: "switch on `appendonly`, or `save` at the least, or don't let it restart by itself: an emptied master empties its replicas before anybody can stop it",
    see: "docs/limits.md#lost-writes",
  },
  "keeps-nothing": {
    severity: "warning",
    title: "it keeps no data on disk: whatever starts it again starts it empty",
    todo: "switch on `appendonly`, or `save` at the least, or make sure that nothing restarts it within `downAfterMs`",
    see: "docs/limits.md#lost-writes",
  },
  "no-min-replicas": {
    severity: "note",
    title: "a master that is cut off takes writes for as long as the cut lasts, all of them lost",
    todo: "set `min-replicas-to-write` 1 and `min-replicas-max-lag` 10 on every node, if refusing writes is better",
    see: "docs/limits.md#lost-writes",
  },
  "too-many-min-replicas": {
    severity: "warning",
    title: "after a failover the new master would refuse writes for want of replicas",
    todo: "set `min-replicas-to-write` to the number of nodes less two at the most",
    see: "docs/limits.md#lost-writes",
  },
  "slow-pings": {
    severity: "note",
    title: "the master of an idle group that hangs is found out late, for replicas hear it seldom",
    todo: "set `repl-ping-replica-period` to 1 on every node",
    see: "docs/limits.md#how-large-the-holes-are",
  },
  "announces-elsewhere": {
    severity: "warning",
    title: "it announces another address to its master than the file has for replication",
    todo: "make `replica-announce-ip` and `replica-announce-port` and the node's `replicate` say the same",
    see: "docs/discovery.md#what-is-told-and-not-taken",
  },
  "clients-nearly-full": {
    severity: "warning",
    title: "there is hardly room for more clients, and observers are clients too",
    todo: "raise `maxclients` and the limit of open files, or find who keeps connections",
    see: "docs/how-it-works.md",
  },
  "long-fork": {
    severity: "warning",
    title: "its last fork took longer than `probeTimeoutMs`, so that probes were missed",
    todo: "switch off transparent huge pages, use smaller instances, or raise `probeTimeoutMs`",
    see: "docs/settings.md",
  },
  "fork-like-death": {
    severity: "error",
    title: "its last fork took as long as `downAfterMs`: the next one may look like a death",
    todo: "switch off transparent huge pages, use smaller instances, or raise `downAfterMs`",
    see: "docs/settings.md",
  },
  "sentinels-connected": {
    severity: "error",
    title: "Redis Sentinels watch it too, and would undo what is done here",
    todo: "stop them for good",
    see: "docs/from-sentinel.md#4-stop-all-sentinels",
  },
  "versions-differ": {
    severity: "warning",
    title: "nodes run different major versions: an older one can't copy from a newer master",
    todo: "bring all nodes to one version, replicas first",
    see: "docs/how-it-works.md",
  },
} as const satisfies Kinds;

const found = finder(serverKinds);

interface Told {
  readonly node: NodeStatus;
  readonly setup: NodeSetup;
  /** `a 3 s ago` */
  readonly by: string;
}

export function examineServers(facts: GroupFacts): readonly Finding[] {
  const told = facts.status.nodes.flatMap((node) => setupOf(facts, node));
  return [
    ...facts.status.nodes.flatMap((node) => examineSilence(facts, node)),
    ...told.flatMap((one) => [
      ...examineDisk(one),
      ...examineReplication(facts, one),
      ...examineRoom(facts, one),
    ]),
    ...examineVersions(told),
  ];
}

/** From the observer that spoke last: a server tells everybody the same. */
function setupOf(facts: GroupFacts, node: NodeStatus): readonly Told[] {
  const [latest] = [...sightsOf(facts, node)]
    .filter(({ seen }) => seen.setup !== undefined)
    .sort((a, b) => (a.observer.ageMs ?? 0) - (b.observer.ageMs ?? 0));
  const setup = latest?.seen.setup;
  return latest === undefined || setup === undefined ? [] : [{ node, setup, by: sayWhen(latest) }];
}

/** A node that answers and of which nobody says more. */
function examineSilence(facts: GroupFacts, node: NodeStatus): readonly Finding[] {
  const answered = sightsOf(facts, node).filter(({ seen }) => seen.role !== null);
  const isTold = answered.some(({ seen }: Sight) => seen.setup !== undefined);
  if (answered.length === 0 || isTold) return [];
  const names = answered.map(({ observer }) => `${observer.name} ${observer.codeVersion}`);
  return [found("setup-unknown", node.id, `seen by ${names.join(", ")}`)];
}

function examineDisk({ node, setup, by }: Told): readonly Finding[] {
  const { isSaving, isAppending, supervisor } = setup;
  if (isSaving !== false || isAppending !== false) return [];
  const evidence = `save is empty, appendonly is no, supervised by ${supervisor ?? "unknown"}, says ${by}`;
  const isRestarted = supervisor === "systemd" || supervisor === "upstart";
  return [found(isRestarted ? "restarts-empty" : "keeps-nothing", node.id, evidence)];
}

function examineReplication(facts: GroupFacts, told: Told): readonly Finding[] {
  const { node, setup, by } = told;
  const { downAfterMs } = facts.config.settings;
  const { minReplicas, pingPeriodMs, sentinels } = setup;
  const spared = Math.max(0, facts.config.nodes.length - 2);
  const minimum = `min-replicas-to-write is ${minReplicas}, says ${by}`;
  return [
    ...(minReplicas === 0 && facts.config.nodes.length > 2
      ? [found("no-min-replicas", node.id, minimum)]
      : []),
    ...(minReplicas !== null && minReplicas > spared
      ? [found("too-many-min-replicas", node.id, `${minimum}; ${spared} would be left`)]
      : []),
    ...(pingPeriodMs !== null && pingPeriodMs > downAfterMs
      ? [
          found(
            "slow-pings",
            node.id,
            `repl-ping-replica-period is ${pingPeriodMs} ms, downAfterMs ${downAfterMs} ms, says ${by}`,
          ),
        ]
      : []),
    ...(sentinels !== null && sentinels > 0
      ? [found("sentinels-connected", node.id, `${sentinels} connected, says ${by}`)]
      : []),
    ...examineAnnouncement(facts, told),
  ];
}

/** What a node announces is what its master, and discovery, knows it as. */
function examineAnnouncement(
  { config }: GroupFacts,
  { node, setup, by }: Told,
): readonly Finding[] {
  const configured = findNode(config, node.id)?.replicate;
  if (setup.announced === null || configured === undefined) return [];
  const { host, port } = setup.announced;
  const announced = { host: host ?? configured.host, port: port ?? configured.port };
  // A name and an address may well be the same place; nobody looks names up here.
  const isSame =
    announced.host === configured.host ||
    kindOfHost(announced.host) !== kindOfHost(configured.host);
  if (isSame && announced.port === configured.port) return [];
  const evidence = `it announces ${formatAddress(announced)}, the file has ${formatAddress(configured)}, says ${by}`;
  return [found("announces-elsewhere", node.id, evidence)];
}

/** A fifth of all places is what a wave of reconnecting clients after a failover needs at the least. */
const fullShare = 0.8;

function examineRoom({ config }: GroupFacts, { node, setup, by }: Told): readonly Finding[] {
  const { clients, clientsMax, forkMs } = setup;
  const { probeTimeoutMs, downAfterMs } = config.settings;
  const isFull = clients !== null && clientsMax !== null && clients > fullShare * clientsMax;
  const fork = `${forkMs} ms, probeTimeoutMs is ${probeTimeoutMs}, downAfterMs ${downAfterMs}, says ${by}`;
  return [
    ...(isFull
      ? [found("clients-nearly-full", node.id, `${clients} of ${clientsMax} clients, says ${by}`)]
      : []),
    ...(forkMs !== null && forkMs > probeTimeoutMs
      ? [found(forkMs >= downAfterMs ? "fork-like-death" : "long-fork", node.id, fork)]
      : []),
  ];
}

function examineVersions(told: readonly Told[]): readonly Finding[] {
  const majors = new Set(told.flatMap(({ setup }) => setup.version?.split(".")[0] ?? []));
  if (majors.size < 2) return [];
  const list = told.map(({ node, setup }) => `${node.id} ${setup.version ?? "unknown"}`);
  return [found("versions-differ", null, list.join(", "))];
}

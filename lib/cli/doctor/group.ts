import { formatAge } from "../../status/collect.ts";
import { unfitReplicas } from "../../status/nodes.ts";
import type { GroupStatus, StateStatus } from "../../status/report.ts";
import { describeRequest } from "../../status/words.ts";
import { type GroupFacts, masterOf } from "./facts.ts";
import { type Finding, finder, type Kinds } from "./finding.ts";

/** The group's own affairs: whether it is watched, calm, and could be failed over. */

export const groupKinds = {
  "state-foreign": {
    severity: "error",
    title: "its state must not be touched by this version",
    todo: "use the version that wrote it, or the table that belongs to this deployment",
    see: "docs/upgrading.md",
  },
  "not-adopted": {
    severity: "error",
    title: "nobody has adopted it yet, so nothing fails it over",
    todo: "mend what the observers say; they adopt it as soon as a quorum of them names one master",
    see: "docs/limits.md#bootstrap",
  },
  "removed-halfway": {
    severity: "warning",
    title: "it was removed, and not to the end",
    todo: "run `lambda-sentinel remove` again, or `apply` to have it back",
    see: "docs/cli.md#remove-and-renaming",
  },
  "config-missing": {
    severity: "error",
    title: "the configuration that its state names is not in the table",
    todo: "run `lambda-sentinel apply` with the group's file",
    see: "docs/cli.md#apply",
  },
  "config-not-active": {
    severity: "warning",
    title: "a newer configuration is stored, and not in force",
    todo: "run `lambda-sentinel apply` again when the group is calm; it goes on where it stopped",
    see: "docs/cli.md#apply",
  },
  "config-edited": {
    severity: "note",
    title: "the stored configuration is not the one that its digest was made of",
    todo: "run `lambda-sentinel apply` with the group's file: an older version stored it, or somebody edited the item",
    see: "docs/how-it-works.md#3-records",
  },
  paused: {
    severity: "warning",
    title: "it is paused: nothing is failed over or repaired",
    todo: "run `lambda-sentinel resume` when the work is done",
    see: "docs/cli.md",
  },
  unsettled: {
    severity: "warning",
    title: "an epoch is open: a failover or switchover is under way",
    todo: "wait until `lambda-sentinel status` says steady, then ask again",
    see: "docs/how-it-works.md#4-life-of-a-failover",
  },
  suspected: {
    severity: "error",
    title: "observers suspect the master right now",
    todo: "see `lambda-sentinel status`: who finds it down, and what the others see",
    see: "docs/operating.md#master-down",
  },
  "failed-epoch": {
    severity: "warning",
    title: "the last failover or switchover failed",
    todo: "mend its reason, then try a `switchover`",
    see: "docs/cli.md#failover-and-switchover",
  },
  held: {
    severity: "warning",
    title: "a returned master is held: the group has one copy less",
    todo: "read from it what you need, then `lambda-sentinel release` it",
    see: "docs/cli.md#release",
  },
  "cooling-down": {
    severity: "note",
    title: "an automatic failover would wait for its cool-down",
    todo: "look at what happened, then `lambda-sentinel ack`",
    see: "docs/cli.md#ack",
  },
  "request-pending": {
    severity: "note",
    title: "a request waits to be carried out",
    todo: "wait for it, or take it back with `lambda-sentinel cancel`",
    see: "docs/cli.md#failover-and-switchover",
  },
  "one-node": {
    severity: "error",
    title: "it has one node, so nobody could take the master's place",
    todo: "add a replica",
    see: "docs/settings.md",
  },
  "no-successor": {
    severity: "error",
    title: "no node could take the master's place now",
    todo: "mend the reason of one of them; until then a dead master stays dead",
    see: "docs/operating.md#no-candidate",
  },
  "one-successor": {
    severity: "note",
    title: "one node alone could take the master's place",
    todo: "add another replica, or mend the others, if the group is to survive two losses",
    see: "docs/settings.md",
  },
} as const satisfies Kinds;

const found = finder(groupKinds);

export function examineGroup(facts: GroupFacts): readonly Finding[] {
  return [...examineConfig(facts), ...examineState(facts), ...examineSuccession(facts)];
}

function examineConfig(facts: GroupFacts): readonly Finding[] {
  const { status, config, isConfigMissing, isDigestRight } = facts;
  const { configVersion, newestConfigVersion } = status;
  if (isConfigMissing) {
    return [found("config-missing", null, `version ${configVersion} is not there`)];
  }
  return [
    ...(configVersion === null || configVersion === newestConfigVersion
      ? []
      : [
          found(
            "config-not-active",
            null,
            `version ${configVersion} is in force, version ${newestConfigVersion} is stored`,
          ),
        ]),
    ...(isDigestRight
      ? []
      : [found("config-edited", null, `version ${config.version} says ${config.digest}`)]),
  ];
}

function examineState({ status, foreign, removedBy }: GroupFacts): readonly Finding[] {
  const { state, observers } = status;
  if (foreign !== null) return [found("state-foreign", null, foreign)];
  if (removedBy !== null) return [found("removed-halfway", null, `by ${removedBy}`)];
  if (state === null || state.master === null) {
    const said = observers.flatMap(({ name, why }) => (why === null ? [] : [`${name}: ${why}`]));
    return [found("not-adopted", null, said.join("; ") || "no observer has said anything of it")];
  }
  return [...examinePhase(status, state), ...examineWaits(status, state)];
}

function examinePhase(
  { pause }: GroupStatus,
  { phase, round, epoch, lastEpoch, lastTransition }: StateStatus,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (pause !== null) {
    const end = pause.until === null ? "until somebody resumes it" : `until ${pause.until}`;
    findings.push(found("paused", null, `${pause.status} by ${pause.by}, ${end}`));
  }
  if (phase !== "steady") {
    findings.push(found("unsettled", null, `epoch ${epoch} is ${phase}: ${lastTransition.why}`));
  }
  if (round?.purpose === "failover") {
    const evidence = `round ${round.number}, opened by ${round.openedBy}`;
    findings.push(found("suspected", round.suspect, evidence));
  }
  if (phase === "steady" && lastEpoch?.result === "failed") {
    const evidence = `epoch ${lastEpoch.epoch}: ${lastEpoch.reason}`;
    findings.push(found("failed-epoch", lastEpoch.to, evidence));
  }
  return findings;
}

function examineWaits(
  { coolDown }: GroupStatus,
  { held, request }: StateStatus,
): readonly Finding[] {
  return [
    ...held.map((node) => found("held", node, "read-only, with what nobody else may have")),
    ...(coolDown === null
      ? []
      : [
          found(
            "cooling-down",
            null,
            `since epoch ${coolDown.epoch}, for another ${formatAge(coolDown.leftMs)} at the most`,
          ),
        ]),
    ...(request === null
      ? []
      : [found("request-pending", null, `${describeRequest(request)}, asked by ${request.by}`)]),
  ];
}

/** Who could follow the master, as those observers see it whose word is of now. */
function examineSuccession(facts: GroupFacts): readonly Finding[] {
  const { status, config } = facts;
  if (masterOf(facts) === undefined) return [];
  if (config.nodes.length === 1) return [found("one-node", null, "the file lists one node")];
  const reasons = unfitReplicas(status.nodes, status.observers);
  const unfit = reasons.flatMap(({ node, why }) => (why === null ? [] : [`${node}: ${why}`]));
  const fit = reasons.filter(({ why }) => why === null);
  if (fit.length === 0) return [found("no-successor", null, unfit.join("; "))];
  const [only] = fit;
  if (fit.length > 1 || only === undefined || config.nodes.length === 2) return [];
  return [found("one-successor", only.node, unfit.join("; "))];
}

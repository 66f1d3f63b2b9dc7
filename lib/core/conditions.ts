import { assertNever } from "./assert-never.ts";
import { failedEpochs } from "./back-off.ts";
import { votesNeeded } from "./config.ts";
import { mayComeEarly, unacknowledgedEpoch } from "./cool-down.ts";
import type { Condition, ConditionName, Held, Moment } from "./explain.ts";
import { sayTally } from "./rules/claim.ts";
import { isOpenOnMaster } from "./rules/suspicion.ts";

/** Each condition on the way to a failover, in words, with the numbers behind it. */

type Told = readonly [isMet: boolean, why: string, change: string];

function condition(
  name: ConditionName,
  rule: string,
  title: string,
  [isMet, why, change]: Told,
): Condition {
  return {
    name,
    rule,
    title,
    isMet: isMet ? "yes" : "no",
    why,
    change: isMet ? null : change,
  };
}

export function able({ barrier, config, state }: Moment): Condition {
  const why = barrier?.why ?? `configuration version ${config.version}, STATE rev ${state.rev}`;
  const change = "what keeps its hands off has to be mended first; nothing else is looked at";
  return condition("able", barrier?.rule ?? "F100", "table and configuration are in order", [
    barrier === null,
    why,
    change,
  ]);
}

export function unpaused({ state }: Moment): Condition {
  const { pause, group } = state;
  const end = pause?.until == null ? "" : `, or wait until ${pause.until}`;
  const why = pause === null ? "no pause" : `paused by ${pause.by}: ${pause.reason || "no reason"}`;
  const change = `\`lambda-sentinel resume ${group}\`${end}`;
  return condition("unpaused", "R700", "the group is not paused", [pause === null, why, change]);
}

export function phase({ state }: Moment): Condition {
  const { phase: now, epoch, candidate: next, leader } = state;
  const why =
    now === "promoting"
      ? `epoch ${epoch} is open, led by ${leader ?? "nobody"}, to promote ${next?.node ?? "nobody"}`
      : `phase ${now}`;
  const change = "the open epoch has to end; whoever leads it commits or closes it";
  return condition("phase", "L400", "no failover is under way", [now !== "promoting", why, change]);
}

export function evidence({ held, config, master }: Moment): Condition {
  const { downAfterMs, crashAfterMs } = config.settings;
  const limits = `down after ${downAfterMs} ms of silence, or ${crashAfterMs} ms of refused connects`;
  const isFull = held.kind === "full";
  const of = held.of === null ? "" : `down(${held.of}): `;
  const change = changeOfEvidence(held, limits);
  return condition("evidence", "S310", `it holds ${master.node} down`, [
    isFull,
    `${of}${held.why}`,
    change,
  ]);
}

function changeOfEvidence({ kind, forMs }: Held, limits: string): string {
  switch (kind) {
    case "full":
    case "none":
      return `the master would have to fail: ${limits}`;
    case "building":
      return forMs === null ? limits : `it would have to go on (${forMs} ms so far): ${limits}`;
    case "unreachable":
      return "its replicas would have to lose it too, or `whenUnreachable: failover`";
    case "blind":
      return "it would have to reach some other node of the group: its own path may be broken";
    default:
      return assertNever(kind);
  }
}

export function rested(moment: Moment): Condition {
  const { restLeftMs, voted } = moment;
  // A vote that it has cast is counted all the same.
  const isResting = restLeftMs > 0 && !(voted === "down" && isOpenOnMaster(moment));
  const leftMs = Math.ceil(restLeftMs);
  const why = isResting
    ? `it took a vote back, and rests for ${leftMs} ms`
    : "it took no vote back";
  const change = `${leftMs} ms would have to pass`;
  return condition("rested", "S330", "it need not rest", [!isResting, why, change]);
}

export function round(moment: Moment): Condition {
  const { state, master, isJoinable, voted } = moment;
  const { number, openedBy } = state.round;
  const isOpen = isOpenOnMaster(moment);
  const isOtherwise = isOpen && voted !== null && voted !== "down";
  const why = !isOpen
    ? `no round on ${master.node} is open; the last was ${number}`
    : isOtherwise
      ? `it voted ${voted} in round ${number}, which is superseded`
      : isJoinable
        ? `round ${number}, opened by ${openedBy}`
        : `round ${number} is older than this shift, and is superseded`;
  const change = "whoever holds the master down opens one at once";
  return condition("round", "S310", "a round is open in which it may vote", [
    isOpen && isJoinable && !isOtherwise,
    why,
    change,
  ]);
}

export function vote({ voted, state }: Moment): Condition {
  const { number } = state.round;
  const why = voted === null ? `no vote in round ${number}` : `${voted} in round ${number}`;
  const change = "it probes the master once more, and votes";
  return condition("vote", "S330", "it has voted down", [voted === "down", why, change]);
}

export function quorum(moment: Moment): Condition {
  const { tally, config } = moment;
  const needed = votesNeeded(config);
  const title = `at least ${needed} of ${config.observers.length} vote down`;
  if (tally === null || !isOpenOnMaster(moment)) {
    const why = tally === null ? "the votes have not been read" : "there is no round to vote in";
    return { name: "quorum", rule: "S340", isMet: "not-asked", title, why, change: null };
  }
  const { down } = tally;
  const missing = needed - down.length;
  const who = down.length === 0 ? "" : ` (${down.join(", ")})`;
  const change = `${missing} more of ${config.observers.filter((one) => !down.includes(one)).join(", ")} would have to vote down`;
  return condition("quorum", "S340", title, [tally.isReached, `${sayTally(tally)}${who}`, change]);
}

export function noVeto({ tally, config }: Moment): Condition {
  const heard = tally?.unreachable ?? [];
  const isOverridden = config.settings.whenUnreachable === "failover";
  const why =
    heard.length === 0
      ? "nobody says so"
      : `${heard.join(", ")} cannot reach it either, but its replicas can${isOverridden ? "; whenUnreachable: failover" : ""}`;
  const change = "the replicas would have to lose it too, or `whenUnreachable: failover`";
  return condition("no-veto", "S345", "no observer hears through replicas that it lives", [
    heard.length === 0 || isOverridden,
    why,
    change,
  ]);
}

export function coolDown({
  state,
  config,
  coolDownLeftMs: leftMs,
  wish: asked,
}: Moment): Condition {
  const { group } = state;
  const epoch = unacknowledgedEpoch(state);
  const isEarly = mayComeEarly({ state, settings: config.settings });
  const lifted =
    asked !== null
      ? `; ${asked.by} asks for a failover`
      : isEarly
        ? "; whenFlapping: failover"
        : "";
  const why =
    leftMs > 0
      ? `another ${leftMs} ms after the automatic failover of epoch ${epoch}${lifted}`
      : epoch === null
        ? "no automatic failover that nobody has acknowledged"
        : `${config.settings.cooldownMs} ms have passed since the automatic failover of epoch ${epoch}`;
  const change = `\`lambda-sentinel ack ${group}\`, \`lambda-sentinel failover ${group}\`, or ${leftMs} ms`;
  return condition("cool-down", "S350", "the cool-down is over", [
    leftMs <= 0 || asked !== null || isEarly,
    why,
    change,
  ]);
}

export function backOff({ state, backOffLeftMs: leftMs }: Moment): Condition {
  const failed = failedEpochs(state);
  const count = failed === 1 ? "1 epoch" : `${failed} epochs`;
  const why =
    failed === 0
      ? "no epoch has failed since the last commit"
      : `${count} failed since the commit of ${state.masterEpoch}, the last because ${state.lastEpoch?.reason ?? "of an unknown reason"}`;
  const change = `${leftMs} ms would have to pass`;
  return condition("back-off", "S355", "failed epochs are not backed off from", [
    leftMs <= 0,
    why,
    change,
  ]);
}

export function wish({ wish: asked, choice }: Moment): Condition {
  const to = asked?.to ?? null;
  const isRefused = to !== null && choice !== null && choice.node === null;
  const why =
    to === null || asked === null
      ? "no operator names another master"
      : `${asked.by} asks for ${to}${isRefused ? `: ${choice.why}` : ""}`;
  const change = "the request is refused, and the failover goes on without it";
  return condition("wish", "S357", "nobody asks for what can't be", [!isRefused, why, change]);
}

export function candidate({ choice, preview }: Moment): Condition {
  const title = "a node may be promoted";
  if (choice === null) {
    const would = preview.node === null ? `nobody: ${preview.why}` : `${preview.node}`;
    const why = `by what was last heard it would be ${would}`;
    return { name: "candidate", rule: "S360", isMet: "not-asked", title, why, change: null };
  }
  const { node, why } = choice;
  const change = "a node would have to become eligible: see each one's reason";
  return condition("candidate", "S360", title, [
    node !== null,
    node === null ? why : `${node}: ${why}`,
    change,
  ]);
}

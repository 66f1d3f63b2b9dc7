import type { GroupConfig } from "../core/config.ts";
import { type Candidates, conditionsOf, type Moment, stopOf } from "../core/explain.ts";
import { rankOf } from "../core/placement.ts";
import { isOpenOnMaster } from "../core/rules/suspicion.ts";
import { sayRank, whyBehind } from "../core/standings.ts";
import type { GroupReport, NodeReport } from "../ports/store.ts";
import type { Heartbeats } from "../status/heartbeats.ts";
import { describeObservers } from "../status/observers.ts";
import type { ObserverStatus } from "../status/report.ts";
import type { CliContext, Services } from "./context.ts";
import { CliError, exitCodes, needRead } from "./exit.ts";
import { momentFrom, type TableMoment } from "./explain-moment.ts";
import type { CandidateRow, NowReport, ObserverRow } from "./explain-report.ts";
import { needGroupState, readActiveConfig } from "./group-state.ts";
import { readHeartbeats } from "./heartbeats.ts";

/** One observer's walk of the conditions, by its last heartbeat. */
interface Walk {
  readonly status: ObserverStatus;
  readonly moment: Moment;
  readonly report: GroupReport;
  /** How many conditions are met before the walk ends. */
  readonly depth: number;
}

/** Explains this moment, from what the table has of configuration, STATE, votes and heartbeats. */
export async function explainNow(
  context: CliContext,
  { store, table }: Services,
  group: string,
): Promise<NowReport> {
  const state = await needGroupState(store, group);
  const config = await readActiveConfig(store, state);
  const { master } = state;
  if (master === null) throw notAdopted(group);
  // In this order: a claim counts votes that were read after STATE, too.
  const votes = needRead(await store.readVotes(group, config.observers), "read the votes");
  const heartbeats = await readHeartbeats(store, config.observers);
  const at = context.clock.wallTime();
  const moment: TableMoment = { config, state, master, votes, wallMs: Date.parse(at) };
  const statuses = describeObservers(config, heartbeats, at);
  const walks = statuses.flatMap((status) => walkOf(moment, status, heartbeats));
  const best = furthest(walks);
  return {
    schema: 1,
    question: "now",
    at,
    table,
    group,
    answer: answerOf(moment, best, walks),
    master: master.node,
    epoch: state.epoch,
    phase: state.phase,
    published: state.published,
    request: state.request,
    seenBy: best?.status.name ?? null,
    stop: best === null ? null : briefly(best.moment),
    conditions: best === null ? [] : conditionsOf(best.moment),
    maxLagBytes: config.settings.maxLagBytes,
    candidates: best === null ? [] : candidatesOf(best),
    observers: statuses.map((status) => observerOf(status, walks)),
  };
}

function notAdopted(group: string): CliError {
  const message = `expected ${group} to have a master, got a group that no quorum has adopted yet; \`lambda-sentinel status ${group}\` shows what each observer waits for`;
  return new CliError(exitCodes.unfinished, message);
}

function walkOf(
  table: TableMoment,
  status: ObserverStatus,
  heartbeats: Heartbeats,
): readonly Walk[] {
  const report = heartbeats.get(status.name)?.groups[table.config.name];
  if (report === undefined) return [];
  const ageMs = Math.max(0, status.ageMs ?? 0);
  const moment = momentFrom(table, { observer: status.name, report, ageMs });
  const conditions = conditionsOf(moment);
  const end = conditions.findIndex(({ isMet }) => isMet !== "yes");
  return [{ status, moment, report, depth: end < 0 ? conditions.length : end }];
}

/** Whoever is furthest on the way fails over first. What is stale is asked only where there is nobody else. */
function furthest(walks: readonly Walk[]): Walk | null {
  const present = walks.filter(({ status }) => status.status === "present");
  const asked = present.length > 0 ? present : walks;
  return asked.toSorted((a, b) => b.depth - a.depth)[0] ?? null;
}

function briefly(moment: Moment) {
  const stop = stopOf(moment);
  return stop === null ? null : { name: stop.name, rule: stop.rule };
}

function answerOf({ master }: TableMoment, best: Walk | null, walks: readonly Walk[]): string {
  if (best === null) return "no failover can come: no observer has reported anything of the group";
  const { moment, status } = best;
  const stop = stopOf(moment);
  if (stop === null) {
    return `${status.name} fails over to ${moment.choice?.node} with its next decision`;
  }
  const isHeld = walks.some((one) => one.moment.held.kind === "full");
  switch (stop.name) {
    case "phase":
      return `a failover is under way: ${stop.why}`;
    case "evidence":
      return isHeld
        ? `no failover: ${stop.why}`
        : `no failover, because no observer holds ${master.node} down`;
    case "round":
    case "vote":
      return `a failover is on its way: ${stop.why}`;
    default:
      return stop.isMet === "not-asked"
        ? `a failover is on its way: ${stop.why}`
        : `no failover at ${stop.rule}: ${stop.why}`;
  }
}

function observerOf(status: ObserverStatus, walks: readonly Walk[]): ObserverRow {
  const { name, ageMs, rule, why } = status;
  const moment = walks.find((walk) => walk.status.name === name)?.moment;
  return {
    name,
    status: status.status,
    ageMs,
    held: moment?.held ?? null,
    vote: moment !== undefined && isOpenOnMaster(moment) ? moment.voted : null,
    stop: moment === undefined ? null : briefly(moment),
    rule,
    why,
  };
}

/** The favourite first, then who else could, then who could not. */
function candidatesOf({ moment, report }: Walk): readonly CandidateRow[] {
  const asked = moment.choice ?? moment.preview;
  const rows = asked.field.map((one) => candidateOf(moment.config, asked, one, report));
  const order = (row: CandidateRow) => (row.isFavourite ? 0 : row.isEligible ? 1 : 2);
  return rows.toSorted((a, b) => order(a) - order(b));
}

function candidateOf(
  config: GroupConfig,
  asked: Candidates,
  { node, isEligible, lagBytes, why }: Candidates["field"][number],
  { nodes }: GroupReport,
): CandidateRow {
  const own = nodes[node];
  const isFavourite = asked.node === node;
  const rank = own?.priority === undefined ? null : rankOf(config, node, own.priority);
  const behind = isEligible && !isFavourite ? behindOf(config, asked.node, node, nodes) : null;
  return {
    node,
    isFavourite,
    isEligible,
    rank: rank === null ? null : sayRank(rank),
    offset: own?.offset ?? null,
    lagBytes,
    why: isFavourite ? asked.why : (behind ?? why),
  };
}

function behindOf(
  config: GroupConfig,
  best: string | null,
  node: string,
  nodes: Readonly<Record<string, NodeReport>>,
): string | null {
  const [first, second] = [standingOf(best, nodes), standingOf(node, nodes)];
  return first === null || second === null ? null : whyBehind(config, first, second);
}

function standingOf(node: string | null, nodes: Readonly<Record<string, NodeReport>>) {
  const { offset = null, priority } = (node === null ? undefined : nodes[node]) ?? {};
  if (node === null || offset === null || priority === undefined) return null;
  return { node, offset, priority };
}

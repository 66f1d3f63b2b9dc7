import { type FailoverFacts, factsOf, sayLoss } from "../status/failover-facts.ts";
import type { CliContext, GlobalOptions, Services } from "./context.ts";
import { exitCodes, needRead } from "./exit.ts";
import { readStories } from "./explain.ts";
import { sayMs } from "./explain-past-words.ts";
import { unknownGroup } from "./group-state.ts";
import { renderTable } from "./table.ts";

export interface HistoryOptions extends GlobalOptions {
  readonly json?: boolean;
}

/**
 * What `history --json` prints. Fields are added and never changed in meaning; `schema` is raised when one must go.
 * docs/explain.md describes it for people.
 */
export interface HistoryReport {
  readonly schema: 1;
  readonly at: string;
  readonly table: string;
  readonly groups: readonly GroupHistory[];
}

export interface GroupHistory {
  readonly name: string;
  /** Newest first. The table keeps the newest 500 events of a group, so there is a beginning. */
  readonly failovers: readonly FailoverFacts[];
}

/** Lists the epochs of one group or of all, as far back as events are kept. */
export async function history(
  context: CliContext,
  group: string | undefined,
  options: HistoryOptions,
): Promise<number> {
  const { terminal } = context;
  const services = context.open(options);
  const groups: GroupHistory[] = [];
  for (const name of await namesOf(services, group)) groups.push(await historyOf(services, name));
  const { table } = services;
  const report: HistoryReport = { schema: 1, at: context.clock.wallTime(), table, groups };
  if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
  else {
    const lines = groups.flatMap((one) => [
      terminal.paint("bold", one.name),
      ...renderHistory(one),
      "",
    ]);
    for (const line of lines) terminal.out(line);
  }
  return exitCodes.fine;
}

/** A group that was taken away has a history, too, for whoever knows its name. */
async function namesOf({ store }: Services, only: string | undefined): Promise<readonly string[]> {
  const configs = needRead(await store.listConfigs(), "list the groups");
  const names = [...new Set(configs.map(({ name }) => name))].sort();
  if (only === undefined) return names;
  const stored = needRead(await store.readState(only), `read the state of ${only}`);
  if (!names.includes(only) && stored.kind === "absent") throw unknownGroup(only, new Set(names));
  return [only];
}

async function historyOf(services: Services, name: string): Promise<GroupHistory> {
  const stored = needRead(await services.store.readState(name), `read the state of ${name}`);
  if (stored.kind === "absent") return { name, failovers: [] };
  const { state, stories } = await readStories(services, name);
  const failovers = stories.epochs.map((story) => factsOf(story, state.lastEpoch)).toReversed();
  return { name, failovers };
}

function renderHistory({ failovers }: GroupHistory): readonly string[] {
  if (failovers.length === 0) return ["  no epoch is among the events that are kept"];
  const header = ["epoch", "began", "kind", "result", "from", "to", "no master", "lost", "reason"];
  return renderTable([header, ...failovers.map(rowOf)], "  ");
}

function rowOf(facts: FailoverFacts): readonly string[] {
  const { epoch, startedAt, kind, isAutomatic, result, from, to, durationsMs, loss, reason } =
    facts;
  const isRequested = isAutomatic === false ? " (requested)" : "";
  const { downToWritableMs } = durationsMs;
  return [
    String(epoch),
    `${startedAt.slice(0, 19)}Z`,
    `${kind ?? "?"}${isRequested}`,
    result,
    from ?? "-",
    to ?? "-",
    downToWritableMs === null ? "-" : sayMs(downToWritableMs),
    kind === "adoption" ? "-" : sayLoss(loss),
    reason,
  ];
}

import { factsOf } from "../status/failover-facts.ts";
import { type EpochStory, type RoundStory, type Stories, storiesOf } from "../status/stories.ts";
import type { CliContext, GlobalOptions, Services } from "./context.ts";
import { CliError, exitCodes, needRead } from "./exit.ts";
import { explainNow } from "./explain-now.ts";
import { fieldOf, lastHold, pastConditionsOf, sayEnd, votesOf } from "./explain-past.ts";
import { renderPast } from "./explain-past-words.ts";
import type { PastReport } from "./explain-report.ts";
import { renderNow } from "./explain-words.ts";
import { needAnyState } from "./group-state.ts";

export interface ExplainOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly epoch?: number;
  readonly round?: number;
}

/** Says why a failover comes or does not come, now; or why one came, or a round came to nothing. */
export async function explain(
  context: CliContext,
  group: string,
  options: ExplainOptions,
): Promise<number> {
  const { terminal } = context;
  const services = context.open(options);
  if (options.epoch !== undefined && options.round !== undefined) {
    throw new CliError(exitCodes.usage, "expected --epoch or --round, got both");
  }
  if (options.epoch === undefined && options.round === undefined) {
    const report = await explainNow(context, services, group);
    if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
    else for (const line of renderNow(terminal, report)) terminal.out(line);
    return exitCodes.fine;
  }
  const report = await explainPast(context, services, group, options);
  if (options.json === true) terminal.out(JSON.stringify(report, null, 2));
  else for (const line of renderPast(terminal, report)) terminal.out(line);
  return exitCodes.fine;
}

/** More than the observers keep of a group's events. */
const eventsMax = 700;

/** The stories of a group, and its STATE, which knows more of the last epoch. */
export async function readStories({ store }: Services, group: string) {
  const state = await needAnyState(store, group);
  const events = needRead(await store.readEvents(group, eventsMax), `read the events of ${group}`);
  return { state, stories: storiesOf(events) };
}

async function explainPast(
  context: CliContext,
  services: Services,
  group: string,
  { epoch, round }: ExplainOptions,
): Promise<PastReport> {
  const { state, stories } = await readStories(services, group);
  const base = { schema: 1, at: context.clock.wallTime(), table: services.table, group } as const;
  if (epoch !== undefined) {
    const story = needEpoch(stories, epoch, group);
    const facts = factsOf(story, state.lastEpoch);
    return { ...base, question: "epoch", number: epoch, ...ofEpoch(story), failover: facts };
  }
  const number = round ?? 0;
  const story = needRound(stories, number, group);
  const into = stories.epochs.find((one) => one.round?.number === number);
  const failover = into === undefined ? null : factsOf(into, state.lastEpoch);
  return { ...base, question: "round", number, ...ofRound(story), failover };
}

type Told = Pick<
  PastReport,
  "answer" | "stop" | "openedAt" | "conditions" | "votes" | "candidates" | "events"
>;

function ofRound(story: RoundStory): Told {
  const hold = story.end === "claimed" ? undefined : lastHold(story);
  const conditions = pastConditionsOf(story);
  const stop = hold === undefined ? undefined : conditions.find(({ rule }) => rule === hold.rule);
  return {
    answer: sayEnd(story),
    stop: stop === undefined ? null : { name: stop.name, rule: stop.rule },
    openedAt: story.opening.at,
    conditions,
    votes: votesOf(story),
    candidates: fieldOf(story.events),
    events: story.events,
  };
}

/** An epoch that no round led to was asked for, or is the adoption of the group. */
function ofEpoch({ opening, events, round }: EpochStory): Told {
  const because = `epoch ${opening.epoch} was opened by ${opening.observer} by rule ${opening.rule}: ${opening.message}`;
  if (round !== null) return { ...ofRound(round), answer: because, events };
  return {
    answer: because,
    stop: null,
    openedAt: opening.at,
    conditions: [],
    votes: [],
    candidates: fieldOf(events),
    events,
  };
}

export function needEpoch({ epochs }: Stories, epoch: number, group: string): EpochStory {
  const found = epochs.find((one) => one.epoch === epoch);
  if (found !== undefined) return found;
  throw missing(
    "an epoch",
    epoch,
    group,
    epochs.map((one) => one.epoch),
  );
}

function needRound({ rounds }: Stories, number: number, group: string): RoundStory {
  const found = rounds.findLast((one) => one.number === number);
  if (found !== undefined) return found;
  throw missing(
    "a round on a master",
    number,
    group,
    rounds.map((one) => one.number),
  );
}

function missing(what: string, got: number, group: string, there: readonly number[]): CliError {
  const known = there.length === 0 ? "none" : there.join(", ");
  const message = `expected ${what} of ${group} whose events are kept (${known}), got ${got}; \`lambda-sentinel history ${group}\` lists the epochs, and the observers' logs have what is older`;
  return new CliError(exitCodes.unfinished, message);
}

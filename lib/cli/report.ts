import { writeFile } from "node:fs/promises";
import { describeThrown } from "../adapters/thrown.ts";
import type { StoredEvent } from "../ports/store.ts";
import { type FailoverFacts, factsOf } from "../status/failover-facts.ts";
import type { EpochStory, Stories } from "../status/stories.ts";
import type { CliContext, GlobalOptions } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { needEpoch, readStories } from "./explain.ts";
import { type ChosenFrom, fieldOf, type VoteTold, votesOf } from "./explain-past.ts";
import { renderPage } from "./report-page.ts";
import { renderReport } from "./report-text.ts";
import { type Timeline, timelineOf } from "./report-timeline.ts";

export interface ReportOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly epoch?: number;
  readonly last?: boolean;
  readonly html?: string;
}

/**
 * What `report --json` prints. Fields are added and never changed in meaning; `schema` is raised when one must go.
 * docs/explain.md describes it for people.
 */
export interface FailoverReport {
  readonly schema: 1;
  readonly at: string;
  readonly table: string;
  readonly group: string;
  readonly failover: FailoverFacts;
  readonly timeline: Timeline;
  readonly votes: readonly VoteTold[];
  readonly candidates: readonly ChosenFrom[];
  readonly events: readonly StoredEvent[];
}

/** Tells one failover as a whole: text, an object, or a page that needs nothing else. */
export async function reportFailover(
  context: CliContext,
  group: string,
  options: ReportOptions,
): Promise<number> {
  const { terminal } = context;
  checkOptions(options);
  const services = context.open(options);
  const { state, stories } = await readStories(services, group);
  const { epoch, html, json } = options;
  const story = epoch === undefined ? lastOf(stories, group) : needEpoch(stories, epoch, group);
  const report: FailoverReport = {
    schema: 1,
    at: context.clock.wallTime(),
    table: services.table,
    group,
    failover: factsOf(story, state.lastEpoch),
    timeline: timelineOf(story),
    votes: story.round === null ? [] : votesOf(story.round),
    candidates: fieldOf(story.events),
    events: story.events,
  };
  if (json === true) terminal.out(JSON.stringify(report, null, 2));
  else if (html === "-") terminal.out(renderPage(report));
  else if (html !== undefined) {
    await writePage(html, renderPage(report));
    terminal.out(`wrote the report of epoch ${story.epoch} of ${group} to ${html}`);
  } else for (const line of renderReport(terminal, report)) terminal.out(line);
  return exitCodes.fine;
}

function checkOptions({ epoch, last, html, json }: ReportOptions): void {
  if (epoch !== undefined && last === true) {
    throw new CliError(exitCodes.usage, "expected --epoch or --last, got both");
  }
  if (html !== undefined && json === true) {
    throw new CliError(exitCodes.usage, "expected --html or --json, got both");
  }
}

/** The adoption of a group is a story that nobody asks for without its number. */
function lastOf({ epochs }: Stories, group: string): EpochStory {
  const found = epochs.findLast(({ opening }) => opening.rule !== "B230");
  if (found !== undefined) return found;
  const message = `expected a failover of ${group} whose events are kept, got none; \`lambda-sentinel history ${group}\` lists what there is`;
  throw new CliError(exitCodes.unfinished, message);
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    const { message } = describeThrown(error);
    throw new CliError(exitCodes.usage, `expected --html to name a file to write, got ${message}`);
  }
}

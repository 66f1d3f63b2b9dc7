import type { Terminal } from "./context.ts";
import { choiceRows, factRows, sayMs } from "./explain-past-words.ts";
import { block } from "./explain-words.ts";
import type { FailoverReport } from "./report.ts";
import type { Moment, Span, Timeline } from "./report-timeline.ts";
import { renderTable } from "./table.ts";

const columns = 72;

/** The whole failover for a terminal, or for a ticket. */
export function renderReport(terminal: Terminal, report: FailoverReport): readonly string[] {
  const { group, failover, votes, candidates, timeline } = report;
  const voteRows = votes.map(({ observer, verdict, why }) => [observer, verdict, why]);
  const moments = [...timeline.moments, ...timeline.later];
  return [
    terminal.paint("bold", `${group}  epoch ${failover.epoch}`),
    ...renderTable(factRows(failover), "  "),
    ...block(true, `timeline, zero is ${timeline.zeroAt}:`, drawTimeline(timeline)),
    "",
    ...renderTable(moments.map(momentRow), "    "),
    ...block(voteRows.length > 0, "votes:", renderTable(voteRows, "    ")),
    ...block(candidates.length > 0, "the choice:", renderTable(choiceRows(candidates), "    ")),
    ...block(true, "decisions:", renderTable(decisionRows(report), "    ")),
  ];
}

function momentRow({ number, atMs, observer, name, rule, message }: Moment): readonly string[] {
  return [markOf(number), sayOffset(atMs), observer, name, rule === "noticed" ? "" : rule, message];
}

/** `+1.234 s`, from zero on. */
export function sayOffset(ms: number): string {
  const sign = ms < 0 ? "-" : "+";
  return `${sign}${(Math.abs(ms) / 1_000).toFixed(3)} s`;
}

/** Every write of STATE, which is the log of what was decided. */
function decisionRows({ events }: FailoverReport): readonly (readonly string[])[] {
  return events
    .filter(({ name }) => name === "+transition")
    .map(({ id, rule, observer, message }) => {
      const rev = Number(id.split("#")[0]);
      return [`rev ${rev}`, rule, observer, message];
    });
}

/** To scale: one column is the same time everywhere. */
export function drawTimeline(timeline: Timeline): readonly string[] {
  const { fromMs, toMs, moments, spans } = timeline;
  const column = (ms: number) => Math.round(((ms - fromMs) / (toMs - fromMs)) * (columns - 1));
  const lanes = [...new Set(moments.map(({ observer }) => observer))].sort();
  const middle = sayMs((fromMs + toMs) / 2);
  const half = Math.floor(columns / 2);
  const axis = `${sayMs(fromMs).padEnd(half)}${middle.padEnd(half - sayMs(toMs).length)}${sayMs(toMs)}`;
  const rows = [
    ["", axis],
    ...spans.map((span) => [span.name, drawSpan(span, column)]),
    ...lanes.map((lane) => {
      const own = moments.filter(({ observer }) => observer === lane);
      return [lane, drawLane(own, column)];
    }),
  ];
  return renderTable(rows, "    ");
}

function drawSpan({ fromMs, toMs }: Span, column: (ms: number) => number): string {
  const from = column(fromMs);
  const length = Math.max(1, column(toMs) - from);
  return `${" ".repeat(from)}${"█".repeat(length)} ${sayMs(toMs - fromMs)}`;
}

/** What falls on one column moves to the right, so that nothing is hidden. */
function drawLane(moments: readonly Moment[], column: (ms: number) => number): string {
  let line = "";
  for (const { atMs, number } of moments) {
    line = `${line.padEnd(column(atMs), "·")}${markOf(number)}`;
  }
  return line.padEnd(columns, "·");
}

/** One letter each: 1 to 9, then a to z, then A to Z. */
export function markOf(number: number): string {
  const marks = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return marks[number - 1] ?? "*";
}

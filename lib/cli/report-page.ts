import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { sayLoss } from "../status/failover-facts.ts";
import { factRows } from "./explain-past-words.ts";
import type { FailoverReport } from "./report.ts";
import { drawPicture } from "./report-picture.ts";
import { style } from "./report-style.ts";
import { sayOffset } from "./report-text.ts";
import type { Moment, Timeline } from "./report-timeline.ts";

/**
 * One failover as a page that needs nothing else: no script, no font, no picture of somebody else's. Its policy forbids
 * everything but the one style in it, which is named by its hash. hono escapes whatever is put in.
 */
export function renderPage(report: FailoverReport): string {
  const { group, failover, timeline } = report;
  const title = `${group}, epoch ${failover.epoch}: ${failover.from ?? "?"} → ${failover.to ?? "?"}`;
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${policy}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="referrer" content="no-referrer"/>
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="dim">Told from table ${report.table} at ${report.at}. Times of different observers are of different clocks.</p>
<dl>${factRows(failover).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
<h2>Timeline</h2>
<p class="dim">To scale; zero is ${timeline.zeroAt}. ${sayZero(timeline)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Timeline">${drawPicture(timeline)}</div>
${momentsTable(timeline)}
${lossPart(report)}
${votesTable(report)}
${candidatesTable(report)}
${decisionsTable(report)}
</main>
</body>
</html>
`;
  return String(page);
}

function sayZero({ spans }: Timeline): string {
  const isMeasured = spans.some(({ name }) => name === "found");
  return isMeasured
    ? "That is the first probe that the master did not answer to the observer which led."
    : "That is the first thing that was told.";
}

function momentsTable({ moments, later }: Timeline) {
  const row = ({ number, atMs, observer, name, rule, message, tone }: Moment) =>
    html`<tr><td class="number">${number}</td><td class="number">${sayOffset(atMs)}</td><td class="name">${observer}</td><td class="code ${tone}">${name}</td><td class="code">${rule === "noticed" ? "" : rule}</td><td>${message}</td></tr>
`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="What was told"><table>
<thead><tr><th scope="col">#</th><th scope="col">time</th><th scope="col">observer</th><th scope="col">event</th><th scope="col">rule</th><th scope="col">in words</th></tr></thead>
<tbody>
${[...moments, ...later].map(row)}</tbody></table></div>
<p class="dim">What clients saw is not in the table: their name changed with the end of “published”, plus the time that they keep it for.</p>`;
}

function lossPart({ failover }: FailoverReport) {
  if (failover.kind === "adoption") return html``;
  const { loss, result } = failover;
  const why =
    loss?.certainty === "exact"
      ? "Exact: a hand-over waits until nothing is missing, and an old master that comes back as the same process can be compared."
      : loss?.certainty === "lower-bound"
        ? "A lower bound, from the last offset of the old master that any observer of the round saw; it may have taken more writes since."
        : "No observer had seen an offset of the old master.";
  return html`<h2>Loss</h2>
<p>${result === "failed" ? "Nothing: the master stayed." : html`${sayLoss(loss)} of acknowledged writes. <span class="dim">${why}</span>`}</p>`;
}

function votesTable({ votes }: FailoverReport) {
  if (votes.length === 0) return html``;
  return html`<h2>Votes</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">observer</th><th scope="col">vote</th><th scope="col">last offset seen</th><th scope="col">evidence</th></tr></thead>
<tbody>
${votes.map(
  ({ observer, verdict, lastOffset, why }) =>
    html`<tr><td class="name">${observer}</td><td class="code">${verdict}</td><td class="number">${lastOffset ?? "–"}</td><td>${why}</td></tr>
`,
)}</tbody></table></div>`;
}

function candidatesTable({ candidates }: FailoverReport) {
  if (candidates.length === 0) return html``;
  return html`<h2>The choice</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">node</th><th scope="col">chosen</th><th scope="col">why</th></tr></thead>
<tbody>
${candidates.map(
  ({ node, isChosen, why }) =>
    html`<tr><td class="code">${node}</td><td>${isChosen ? "yes" : "no"}</td><td>${why}</td></tr>
`,
)}</tbody></table></div>`;
}

function decisionsTable({ events }: FailoverReport) {
  const writes = events.filter(({ name }) => name === "+transition");
  return html`<h2>Decisions</h2>
<p class="dim">Every write of the group's state, each by compare-and-swap.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">rev</th><th scope="col">phase</th><th scope="col">rule</th><th scope="col">by</th><th scope="col">why</th></tr></thead>
<tbody>
${writes.map(
  ({ id, evidence, rule, observer, message }) =>
    html`<tr><td class="number">${Number(id.split("#")[0])}</td><td>${evidence.phase}</td><td class="code">${rule}</td><td class="code">${observer}</td><td>${message}</td></tr>
`,
)}</tbody></table></div>`;
}

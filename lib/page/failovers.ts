import { assertNever } from "../core/assert-never.ts";
import type { FailoverFacts } from "../status/failover-facts.ts";
import type { Failover, FailoverStep } from "../status/failovers.ts";
import {
  formatBytes,
  formatDuration,
  formatInstant,
  type Html,
  html,
  idOf,
  nothing,
  sign,
  type Tone,
} from "./html.ts";

/** The latest failovers, newest first, each with its stretches drawn to scale and its steps behind a fold. */
export function failoverList(group: string, failovers: readonly Failover[]): Html {
  if (failovers.length === 0) return html`<p class="dim">None that the table still remembers.</p>`;
  return html`<ol class="failovers">${failovers.map((one) => failoverItem(group, one))}</ol>`;
}

const resultTones: Readonly<Record<FailoverFacts["result"], Tone>> = {
  completed: "good",
  failed: "bad",
  open: "warn",
};

function failoverItem(group: string, { facts, steps }: Failover): Html {
  const { epoch, result, startedAt, from, to } = facts;
  // A failed one names whom it would have made the master, where somebody lived to tell.
  const moved = to === null ? "no new master" : `${from ?? "nobody"} → ${to}`;
  return html`<li>
<p class="line">${sign(resultTones[result])} <b>epoch ${epoch}</b> ${wordOf(result)} <code>${moved}</code>
<span class="dim">${formatInstant(startedAt)}${lossOf(facts)}</span></p>
${bar(facts)}
<details id="${idOf("steps", group, String(epoch))}"><summary>${steps.length} steps of epoch ${epoch}</summary>
<table class="steps"><thead><tr><th scope="col">when</th><th scope="col">who</th><th scope="col">what</th><th scope="col">rule</th></tr></thead>
<tbody>${steps.map(stepRow)}</tbody></table></details>
</li>`;
}

function wordOf(result: FailoverFacts["result"]): string {
  switch (result) {
    case "completed":
    case "failed":
      return result;
    case "open":
      return "has no end yet";
    default:
      return assertNever(result);
  }
}

function lossOf({ loss }: FailoverFacts): string {
  if (loss === null) return "";
  if (loss.bytes === null || loss.certainty === "unknown") return ", loss unknown";
  return `, lost ${loss.certainty === "exact" ? "" : "at least "}${formatBytes(loss.bytes)}`;
}

/** Wall clocks of several observers side by side: what is drawn to scale comes from the stretches that one measured. */
function stepRow({ at, observer, name, rule, message }: FailoverStep): Html {
  return html`<tr><td class="number">${at.slice(11, 23)}</td><td>${observer}</td><td><b>${name}</b> ${message}</td><td>${rule}</td></tr>`;
}

interface Stretch {
  readonly name: string;
  readonly ms: number;
}

function stretchesOf({ durationsMs }: FailoverFacts): readonly Stretch[] {
  const { detectMs, agreeMs, downToWritableMs, promoteMs, publishMs } = durationsMs;
  const before = (detectMs ?? 0) + (agreeMs ?? 0);
  // The claim's round trips belong to the promotion, which the leader's own measure of the whole includes.
  const promote = downToWritableMs === null ? promoteMs : Math.max(0, downToWritableMs - before);
  const all: readonly (readonly [string, number | null])[] = [
    ["detect", detectMs],
    ["agree", agreeMs],
    ["promote", promote],
    ["publish", publishMs],
  ];
  return all.flatMap(([name, ms]) => (ms === null ? [] : [{ name, ms }]));
}

const barWidth = 1_000;
/** What took no time to speak of is still seen. */
const leastWidth = 6;

function bar(failover: FailoverFacts): Html {
  const stretches = stretchesOf(failover);
  const totalMs = stretches.reduce((sum, { ms }) => sum + ms, 0);
  if (totalMs === 0) return nothing;
  let x = 0;
  const parts = stretches.map(({ name, ms }) => {
    const width = Math.max(leastWidth, (ms / totalMs) * (barWidth - stretches.length * leastWidth));
    const part = html`<rect class="${name}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="10"></rect>`;
    x += width;
    return part;
  });
  return html`<svg class="bar" viewBox="0 0 ${barWidth} 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>
<ul class="legend">${stretches.map(
    ({ name, ms }) =>
      html`<li><span class="swatch ${name}"></span>${name} ${formatDuration(ms)}</li>`,
  )}${writable(failover)}</ul>`;
}

function writable({ durationsMs: { downToWritableMs } }: FailoverFacts): Html {
  if (downToWritableMs === null) return nothing;
  return html`<li class="dim">${formatDuration(downToWritableMs)} from the last answer to a writable master</li>`;
}

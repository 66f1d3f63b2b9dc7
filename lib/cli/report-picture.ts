import { html } from "hono/html";
import { sayMs } from "./explain-past-words.ts";
import { sayOffset } from "./report-text.ts";
import type { Moment, Span, Timeline } from "./report-timeline.ts";

/** The timeline as a drawing to scale. Places and sizes are attributes, because the page's policy allows no inline style. */

const left = 110;
const width = 960;
const spanHeight = 22;
const labelHeight = 13;
const laneGap = 10;
/** Two labels closer than this would cover each other. */
const labelGap = 17;

interface Scale {
  readonly x: (ms: number) => number;
}

export function drawPicture(timeline: Timeline) {
  const { fromMs, toMs, spans, moments } = timeline;
  const scale: Scale = {
    x: (ms) => round(left + ((ms - fromMs) / (toMs - fromMs)) * (width - left - 30)),
  };
  const observers = [...new Set(moments.map(({ observer }) => observer))].sort();
  const spansTop = 24;
  let top = spansTop + spans.length * spanHeight + laneGap;
  const lanes = observers.map((observer) => {
    const labels = placed(
      moments.filter((moment) => moment.observer === observer),
      scale,
    );
    const rows = 1 + Math.max(0, ...labels.map(({ row }) => row));
    const height = rows * labelHeight + 14;
    const lane = { observer, labels, top, height };
    top += height + laneGap;
    return lane;
  });
  const height = top;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="picture">
<title id="picture">Timeline of the failover, to scale, from ${sayOffset(fromMs)} to ${sayOffset(toMs)}</title>
${ticksOf(timeline).map((ms) => drawTick(ms, scale, height))}
${spans.map((span, index) => drawSpan(span, scale, spansTop + index * spanHeight))}
${lanes.map((lane) => drawLane(lane, scale))}
</svg>`;
}

/** Four to eight round numbers. */
export function ticksOf({ fromMs, toMs }: Pick<Timeline, "fromMs" | "toMs">): readonly number[] {
  const rough = (toMs - fromMs) / 6;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? power * 10;
  const first = Math.ceil(fromMs / step);
  const count = Math.floor(toMs / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

function drawTick(ms: number, { x }: Scale, height: number) {
  return html`<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="18" y2="${height}"/>
<text class="axis label" x="${x(ms)}" y="12">${sayMs(ms)}</text>`;
}

function drawSpan({ name, fromMs, toMs }: Span, { x }: Scale, top: number) {
  const end = x(toMs);
  const length = round(Math.max(1.5, end - x(fromMs)));
  // Beside the bar, wherever there is room.
  const isLate = end > width - 70;
  const labelX = isLate ? round(x(fromMs) - 6) : round(end + 6);
  const said = `${sayMs(toMs - fromMs)}`;
  return html`<text x="0" y="${top + 14}">${name}</text>
<rect class="span ${name}" x="${x(fromMs)}" y="${top + 3}" width="${length}" height="14" rx="2"><title>${name}: ${said}</title></rect>
<text class="axis ${isLate ? "before" : ""}" x="${labelX}" y="${top + 14}">${said}</text>`;
}

interface Lane {
  readonly observer: string;
  readonly labels: readonly Label[];
  readonly top: number;
  readonly height: number;
}

function drawLane({ observer, labels, top, height }: Lane, { x }: Scale) {
  const base = top + height;
  return html`<rect class="lane" x="${left}" y="${base - 12}" width="${width - left}" height="12"/>
<text x="0" y="${base - 2}">${observer}</text>
${labels.map(
  ({
    moment,
    place,
    row,
  }) => html`<g><title>${sayOffset(moment.atMs)} ${moment.name} ${moment.message}</title>
<line class="tick ${moment.tone}" x1="${x(moment.atMs)}" x2="${x(moment.atMs)}" y1="${base - 12}" y2="${base}"/>
<text class="label" x="${place}" y="${base - 15 - row * labelHeight}">${moment.number}</text></g>`,
)}`;
}

interface Label {
  readonly moment: Moment;
  readonly place: number;
  readonly row: number;
}

/** The lowest row in which nothing is covered. */
function placed(moments: readonly Moment[], { x }: Scale): readonly Label[] {
  const ends: number[] = [];
  return moments.map((moment) => {
    const place = x(moment.atMs);
    const free = ends.findIndex((end) => place - end >= labelGap);
    const row = free < 0 ? ends.length : free;
    ends[row] = place;
    return { moment, place, row };
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

import Anser from "anser";
import { html, raw } from "hono/html";

/** A line of a terminal, with its escape sequences, and the moment it came. */
export interface RecordedLine {
  readonly atMs: number;
  readonly text: string;
}

interface Run {
  readonly text: string;
  readonly className: string;
}

const columns = 132;
const columnPx = 7.8;
const rowPx = 17;
const marginPx = 16;
/** Waiting longer shows nothing new: the times that the lines themselves print stay as they were. */
const longestPauseMs = 1_200;

/**
 * Draws what a terminal printed as a picture that plays once and then stays: lines appear when they came, apart from
 * pauses cut to 1.2 s. Who asked for less motion, or saves it as paper, sees all of it at once.
 *
 * @param title what a screen reader says instead of the picture
 */
export function drawRecording(title: string, lines: readonly RecordedLine[]): string {
  const rows = rowsOf(lines);
  const width = Math.ceil(columns * columnPx + 2 * marginPx);
  const height = rows.length * rowPx + 2 * marginPx;
  const drawing = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${title}</title>
<style>${raw(style)}</style>
<rect width="${width}" height="${height}" rx="8" fill="#12161c"/>
${rows.map(({ runs, atMs }, index) => drawRow(runs, atMs, marginPx + (index + 0.75) * rowPx))}
</svg>
`;
  return String(drawing);
}

const style = `
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d4dae2; white-space: pre; }
.later { visibility: hidden; animation: appear 1ms linear forwards; }
@keyframes appear { to { visibility: visible; } }
@media (prefers-reduced-motion: reduce), print { .later { visibility: visible; animation: none; } }
.ansi-red { fill: #ff7b72; }
.ansi-green { fill: #56d364; }
.ansi-yellow { fill: #e3b341; }
.ansi-cyan { fill: #76d9e6; }
.ansi-bright-black, .dim { fill: #98a2b0; }
.bold { font-weight: bold; fill: #ffffff; }
`;

interface Row {
  readonly atMs: number;
  readonly runs: readonly Run[];
}

/** The lines as rows of the picture: long ones wrapped as a terminal wraps them, long pauses cut. */
function rowsOf(lines: readonly RecordedLine[]): readonly Row[] {
  let shownMs = 0;
  let lastMs = lines[0]?.atMs ?? 0;
  return lines.flatMap(({ atMs, text }) => {
    shownMs += Math.min(longestPauseMs, atMs - lastMs);
    lastMs = atMs;
    return wrap(runsOf(text)).map((runs) => ({ atMs: Math.round(shownMs), runs }));
  });
}

function runsOf(text: string): readonly Run[] {
  const parts = Anser.ansiToJson(text, { use_classes: true, json: true, remove_empty: true });
  return parts.map(({ content, fg, decorations }) => ({
    text: content,
    className: [fg, ...decorations].filter((one) => one !== null).join(" "),
  }));
}

function wrap(runs: readonly Run[]): readonly (readonly Run[])[] {
  const rows: Run[][] = [[]];
  let used = 0;
  for (const { text, className } of runs) {
    for (let rest = text; rest !== ""; ) {
      if (used === columns) {
        rows.push([]);
        used = 0;
      }
      const piece = rest.slice(0, columns - used);
      rows.at(-1)?.push({ text: piece, className });
      used += piece.length;
      rest = rest.slice(piece.length);
    }
  }
  return rows;
}

function drawRow(runs: readonly Run[], atMs: number, y: number) {
  if (runs.length === 0) return "";
  return html`<text ${appearing(atMs)} xml:space="preserve" x="${marginPx}" y="${y}">${runs.map(
    ({ text, className }) => html`<tspan class="${className}">${text}</tspan>`,
  )}</text>
`;
}

/** What was there from the start needs no animation, which browsers hold back for pictures out of sight. */
function appearing(atMs: number) {
  return atMs === 0 ? "" : raw(`class="later" style="animation-delay:${atMs}ms"`);
}

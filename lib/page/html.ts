import { html, raw } from "hono/html";

/** Markup in which everything that was put in is escaped. */
export type Html = ReturnType<typeof html>;

export { html, raw };

export const nothing: Html = raw("");

/** What decides the colour of a thing; its sign and its word say the same to whoever sees no colours. */
export type Tone = "good" | "warn" | "bad" | "none";

const signs: Readonly<Record<Tone, string>> = { good: "●", warn: "◐", bad: "✕", none: "–" };

export function sign(tone: Tone): Html {
  return html`<span class="sign ${tone}" aria-hidden="true">${signs[tone]}</span>`;
}

/** An id for an element, of a name that may hold anything. */
export function idOf(...parts: readonly string[]): string {
  return parts
    .map((part) => part.replace(/[^A-Za-z0-9]/g, (letter) => `-${letter.charCodeAt(0)}-`))
    .join("_");
}

/** `2030-01-31 04:00:00 UTC`, of an ISO 8601 instant in UTC. */
export function formatInstant(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

/** `840 ms`, `2.5 s`, `3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** `0 B`, `12.5 KB`: powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

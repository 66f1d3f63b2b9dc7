import parseDuration from "parse-duration";
import * as z from "zod";
import { CliError, exitCodes } from "./exit.ts";

/** What people write for lengths of time and for instants. */

const longestMs = 30 * 86_400_000;
const shortestMs = 60_000;

// Seconds may be left out.
const instant = z.union([
  z.iso.datetime({ offset: true }),
  z.iso.datetime({ offset: true, precision: -1 }),
]);

/** "2h", "90m", "1d 12h": milliseconds. A number alone is refused: nobody knows its unit. */
export function readDuration(option: string, text: string): number {
  const ms = /[a-z]/i.test(text) ? parseDuration(text) : null;
  if (ms !== null && Number.isFinite(ms) && ms >= shortestMs && ms <= longestMs) return ms;
  const expected = `${option} to be a length of time with its unit, from 1m to 30d, like 2h or 90m`;
  throw new CliError(exitCodes.usage, `expected ${expected}, got "${text}"; nothing was changed`);
}

/** An instant of the future, ISO 8601 with its offset from UTC. The answer is in UTC. */
export function readInstant(option: string, text: string, nowMs: number): string {
  if (!instant.safeParse(text).success) {
    const example = new Date(Math.ceil(nowMs / 3_600_000) * 3_600_000 + 3_600_000).toISOString();
    const expected = `${option} to be an instant with its offset from UTC, like ${example.replace(":00.000Z", "Z")} or 2030-01-31T04:00:00+01:00`;
    throw new CliError(exitCodes.usage, `expected ${expected}, got "${text}"; nothing was changed`);
  }
  const atMs = Date.parse(text);
  const at = new Date(atMs).toISOString();
  if (atMs > nowMs && atMs - nowMs <= longestMs) return at;
  const now = new Date(nowMs).toISOString();
  const expected = `${option} to lie ahead, by 30 days at the most`;
  throw new CliError(
    exitCodes.usage,
    `expected ${expected}, got ${at} at ${now}; nothing was changed`,
  );
}

import { normalizeName, type RecordSet } from "../core/records.ts";
import type { Resolution } from "../ports/dns.ts";
import type { Result } from "../ports/errors.ts";
import type { AnswerStatus } from "./report.ts";

/** What stands at the name: by the zone, or by the table where the zone could not be asked. */
export interface Standing {
  readonly by: "zone" | "table";
  readonly records: readonly RecordSet[];
}

/**
 * What DNS answers, beside what it should. A server that can't be asked, a name that nobody knows and another answer are three
 * things: the first says nothing, and the second is as it should be outside of a private zone.
 */
export function describeAnswer(
  name: string,
  resolved: Result<Resolution>,
  standing: Standing,
): AnswerStatus {
  if (!resolved.ok) {
    const nothing = { addresses: [], alias: null, ttlSeconds: null };
    return { ...nothing, status: "unasked", why: `DNS could not be asked: ${resolved.why}` };
  }
  const { addresses, alias, ttlSeconds } = resolved.value;
  const answer = { addresses, alias, ttlSeconds };
  if (addresses.length === 0 && alias === null)
    return { ...answer, status: "none", why: "no answer: DNS knows no such name on this machine" };
  const { by, records } = standing;
  const set = records.find((one) => one.name === name && one.type !== "TXT");
  if (set !== undefined && isSame(set, resolved.value, records))
    return { ...answer, status: "same", why: `as the ${by} has it` };
  const should = set === undefined ? "nothing" : set.values.join(" ");
  const why = `where the ${by} has ${should}: an answer from before, or another zone's`;
  return { ...answer, status: "differs", why };
}

function isSame(
  { name, type, values }: RecordSet,
  { addresses, alias }: Resolution,
  standing: readonly RecordSet[],
): boolean {
  if (type === "CNAME") return values.some((value) => normalizeName(value) === alias);
  const all = standing.flatMap((one) =>
    one.name === name && (one.type === "A" || one.type === "AAAA") ? one.values : [],
  );
  return alias === null && [...all].sort().join() === [...addresses].sort().join();
}

import type { StoredEvent } from "../ports/store.ts";
import { type FailoverFacts, sayLoss } from "../status/failover-facts.ts";
import type { Terminal } from "./context.ts";
import type { ChosenFrom, VoteTold } from "./explain-past.ts";
import type { PastReport } from "./explain-report.ts";
import { block, renderConditions } from "./explain-words.ts";
import { renderTable } from "./table.ts";

/** What `explain` prints for people, of a round or an epoch that is past. */
export function renderPast(terminal: Terminal, report: PastReport): readonly string[] {
  const { group, answer, failover, conditions, votes, candidates, events } = report;
  const { paint } = terminal;
  return [
    `${paint("bold", group)}  ${answer}`,
    ...(failover === null ? [] : renderTable(factRows(failover), "  ")),
    ...block(conditions.length > 0, "the conditions, as told then:", renderConditions(conditions)),
    ...block(votes.length > 0, "votes:", renderTable(voteRows(votes), "    ")),
    ...block(candidates.length > 0, "the choice:", renderTable(choiceRows(candidates), "    ")),
    ...block(events.length > 0, "what was told, each by its teller's clock:", renderEvents(events)),
  ];
}

export function factRows(facts: FailoverFacts): readonly (readonly string[])[] {
  const { kind, result, from, to, reason, loss, isAutomatic } = facts;
  const how = isAutomatic === null ? "" : isAutomatic ? "automatic " : "requested ";
  const what = kind === "adoption" ? "adoption" : `${how}${kind ?? "failover or switchover"}`;
  return [
    ["epoch", `${facts.epoch}, ${what}, ${result}, ${from ?? "?"} → ${to ?? "?"}`],
    ["because", sayCut(reason)],
    ...(kind === "adoption" ? [] : [["lost", sayLoss(loss)]]),
    ["times", sayTimes(facts)],
  ];
}

/** STATE's log keeps this much of a sentence (state-write.ts). */
const cutAt = 160;

function sayCut(text: string): string {
  return text.length < cutAt ? text : `${text}…`;
}

/** In their order; what nobody told is left out. */
export function sayTimes({ durationsMs: ms }: FailoverFacts): string {
  const parts: readonly (readonly [string, number | null])[] = [
    ["found", ms.detectMs],
    ["agreed", ms.agreeMs],
    ["promoted", ms.promoteMs],
    ["published", ms.publishMs],
    ["settled", ms.settleMs],
    ["without a master", ms.downToWritableMs],
  ];
  const said = parts.flatMap(([name, value]) =>
    value === null ? [] : [`${name} ${sayMs(value)}`],
  );
  return said.length === 0 ? "not told" : said.join(", ");
}

/** `840 ms`, `2.5 s`, `3 min`. */
export function sayMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

function voteRows(votes: readonly VoteTold[]): readonly (readonly string[])[] {
  return votes.map(({ observer, verdict, lastOffset, why }) => {
    const offset = lastOffset === null ? "" : `saw offset ${lastOffset}`;
    return [observer, verdict, offset, why];
  });
}

export function choiceRows(candidates: readonly ChosenFrom[]): readonly (readonly string[])[] {
  return candidates.map(({ node, isChosen, why }) => [`${isChosen ? "→" : " "} ${node}`, why]);
}

export function renderEvents(events: readonly StoredEvent[]): readonly string[] {
  return renderTable(
    events.map(({ at, observer, name, rule, message }) => [
      at.slice(11, 23),
      observer,
      name,
      rule === "noticed" ? "" : rule,
      message,
    ]),
    "    ",
  );
}

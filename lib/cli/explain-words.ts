import type { Condition } from "../core/explain.ts";
import { formatAge } from "../status/collect.ts";
import { describeRequest } from "../status/words.ts";
import type { Terminal } from "./context.ts";
import type { NowReport, ObserverRow } from "./explain-report.ts";
import { renderTable } from "./table.ts";

/** What `explain` prints for people, of this moment. */
export function renderNow(terminal: Terminal, report: NowReport): readonly string[] {
  const { group, answer, seenBy, conditions, candidates, observers } = report;
  const { paint } = terminal;
  const walker = observers.find((one) => one.name === seenBy);
  const whose = `as ${seenBy} decides, by its heartbeat of ${formatAge(walker?.ageMs ?? null)} ago:`;
  const changes = conditions.flatMap(({ rule, change }) =>
    change === null ? [] : [[rule, change]],
  );
  return [
    `${paint("bold", group)}  ${answer}`,
    ...renderTable(factsOf(report), "  "),
    ...block(conditions.length > 0, paint("dim", whose), renderConditions(conditions)),
    ...block(changes.length > 0, "what would have to change:", renderTable(changes, "    ")),
    ...block(candidates.length > 0, "who could take its place:", renderCandidates(report)),
    ...block(observers.length > 0, "observers:", renderTable(observerRows(observers), "    ")),
  ];
}

export function block(isThere: boolean, heading: string, lines: readonly string[]): string[] {
  return isThere ? ["", `  ${heading}`, ...lines] : [];
}

function factsOf({
  master,
  epoch,
  phase,
  published,
  request,
}: NowReport): readonly (readonly string[])[] {
  const record =
    published === null
      ? "no failover has published it yet"
      : `published at epoch ${published.epoch} for ${published.node}`;
  return [
    ["master", `${master}, phase ${phase}, epoch ${epoch}; a failover would be epoch ${epoch + 1}`],
    ["record", record],
    ...(request === null
      ? []
      : [["request", `${describeRequest(request)}, asked by ${request.by}`]]),
  ];
}

const signs: Readonly<Record<Condition["isMet"], string>> = {
  yes: "yes",
  no: "NO",
  "not-asked": "?",
};

export function renderConditions(conditions: readonly Condition[]): readonly string[] {
  return renderTable(
    conditions.map(({ isMet, rule, title, why }) => [signs[isMet], rule, title, why]),
    "    ",
  );
}

function renderCandidates({ candidates, maxLagBytes }: NowReport): readonly string[] {
  const header = ["node", "eligible", "rank", "offset", `behind, of ${maxLagBytes}`, "why"];
  const rows = candidates.map((one) => [
    one.isFavourite ? `→ ${one.node}` : `  ${one.node}`,
    one.isEligible ? "yes" : "no",
    one.rank ?? "?",
    one.offset === null ? "?" : String(one.offset),
    one.lagBytes === null ? "?" : `${one.lagBytes} bytes`,
    one.why,
  ]);
  return renderTable([header, ...rows], "    ");
}

function observerRows(observers: readonly ObserverRow[]): readonly (readonly string[])[] {
  const header = ["name", "heartbeat", "vote", "ends at", "holds against the master"];
  const rows = observers.map(({ name, ageMs, vote, stop, held, status }) => [
    status === "stale" ? `${name} (stale)` : name,
    ageMs === null ? "never" : `${formatAge(ageMs)} ago`,
    vote ?? "-",
    held === null ? "-" : (stop?.rule ?? "S370"),
    held === null ? "it has reported nothing of the group" : held.why,
  ]);
  return [header, ...rows];
}

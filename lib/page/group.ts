import type { Failover } from "../status/failovers.ts";
import type { GroupStatus } from "../status/report.ts";
import { factsOf } from "../status/words.ts";
import { failoverList } from "./failovers.ts";
import { type Html, html, idOf, nothing, sign } from "./html.ts";
import { matrix } from "./matrix.ts";
import { topology } from "./topology.ts";

/** A group's failovers, or why they could not be read. */
export type FailoversRead =
  | { readonly kind: "read"; readonly failovers: readonly Failover[] }
  | { readonly kind: "unread"; readonly why: string };

/** Everything that is known of a group. Parts are `data-live` where the page's script may replace them one by one. */
export function groupSection(group: GroupStatus, failovers: FailoversRead): Html {
  const { name } = group;
  const part = (what: string): string => idOf("group", name, what);
  return html`<section class="group" id="${idOf("group", name)}" aria-labelledby="${part("name")}">
<div data-live id="${part("head")}">
<h2 id="${part("name")}">${sign(group.isHealthy ? "good" : "bad")} <a href="?group=${encodeURIComponent(name)}">${name}</a> <span class="${group.isHealthy ? "good" : "bad"}">${healthOf(group)}</span></h2>
${problemList(group.problems)}
</div>
<div class="columns">
<div data-live id="${part("facts")}"><h3>Topology</h3>${topology(group)}${facts(group)}</div>
<div data-live id="${part("matrix")}"><h3>Verdicts</h3>${matrix(group)}</div>
</div>
<div data-live id="${part("failovers")}"><h3>Last failovers</h3>${
    failovers.kind === "read"
      ? failoverList(name, failovers.failovers)
      : html`<p class="bad">They could not be read: ${failovers.why}</p>`
  }</div>
</section>`;
}

/** A healthy group among many: its name, its master, and the way to the rest. */
export function groupLine(group: GroupStatus): Html {
  const { name, state } = group;
  const master = state?.master?.node ?? "no master";
  return html`<p class="group line" data-live id="${idOf("group", name)}">${sign("good")} <a href="?group=${encodeURIComponent(name)}">${name}</a> <span class="good">healthy</span> <code>${master}</code></p>`;
}

function healthOf({ isHealthy, pause }: GroupStatus): string {
  const health = isHealthy ? "healthy" : "not healthy";
  return pause === null ? health : `${health}, ${pause.status}`;
}

export function problemList(problems: readonly string[]): Html {
  if (problems.length === 0) return nothing;
  return html`<ul class="problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`;
}

function facts(group: GroupStatus): Html {
  // The tree above has the record, and the problems what is wrong with it.
  const rows = factsOf(group).filter(([name]) => name !== "record");
  return html`<dl>${rows.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`;
}

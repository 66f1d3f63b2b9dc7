import { formatAge } from "../status/collect.ts";
import type { GroupStatus, NodeSeen, NodeStatus, ObserverStatus } from "../status/report.ts";
import { type Html, html, nothing, sign, type Tone } from "./html.ts";
import { detailOf, toneOfVerdict } from "./seen.ts";

/** Nodes by observers: whose word says what of whom, and how old the word is. */
export function matrix(group: GroupStatus): Html {
  const { nodes, observers } = group;
  const label = `What each observer of ${group.name} says of each node`;
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
<table>
<caption>${label}</caption>
<thead><tr><th scope="col">node</th>${observers.map(observerHead)}</tr></thead>
<tbody>${nodes.map(
    (node) =>
      html`<tr><th scope="row"><code>${node.id}</code>${
        node.id === node.probe ? nothing : html`<br><small>${node.probe}</small>`
      }</th>${observers.map((observer) => cell(node, observer))}</tr>`,
  )}</tbody>
<tfoot>
<tr><th scope="row">suspects</th>${observers.map(({ suspect }) => html`<td>${suspect ?? "nobody"}</td>`)}</tr>
<tr><th scope="row">last acted on</th>${observers.map(acted)}</tr>
<tr><th scope="row">shift, configuration, code</th>${observers.map(running)}</tr>
</tfoot>
</table>
</div>`;
}

const observerTones = { present: "good", stale: "bad", absent: "bad" } as const;

function observerHead({ name, status, ageMs }: ObserverStatus): Html {
  const tone: Tone = observerTones[status];
  const age = ageMs === null ? "has reported nothing" : `${formatAge(ageMs)} ago`;
  const word = status === "present" ? age : `${status}, ${age}`;
  return html`<th scope="col">${name}<br><small>${sign(tone)} ${word}</small></th>`;
}

function cell(node: NodeStatus, observer: ObserverStatus): Html {
  const seen = node.seenBy[observer.name];
  if (seen === undefined) return html`<td class="dim">no word</td>`;
  const isOld = observer.status !== "present";
  return html`<td${isOld ? html` class="old"` : nothing}>${verdictOf(seen)}<br><small>${detailOf(seen).join(" · ")}</small></td>`;
}

function verdictOf({ verdict }: NodeSeen): Html {
  const tone = toneOfVerdict(verdict);
  return html`${sign(tone)} <span class="${tone}">${verdict}</span>`;
}

function acted({ rule, why }: ObserverStatus): Html {
  return html`<td>${rule === null ? "–" : html`<b>${rule}</b> <small>${why}</small>`}</td>`;
}

function running({ shift, configVersion, codeVersion }: ObserverStatus): Html {
  const parts = [shift, configVersion, codeVersion].map((part) => part ?? "–");
  return html`<td>${parts.join(", ")}</td>`;
}

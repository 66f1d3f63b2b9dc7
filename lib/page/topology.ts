import { formatRecord } from "../status/collect.ts";
import type { GroupStatus, NodeSeen, NodeStatus, RecordStatus } from "../status/report.ts";
import { placeOf } from "../status/words.ts";
import { type Html, html, nothing, sign, type Tone } from "./html.ts";
import { bestSeen, detailOf, toneOfVerdict } from "./seen.ts";

/** Who stands where: the name, the master that it should lead to, and everybody else below it. */
export function topology(group: GroupStatus): Html {
  const master = group.nodes.find((node) => node.isMaster);
  const others = group.nodes.filter((node) => !node.isMaster);
  const below = others.map((node) => html`<li>${nodeLine(group, node)}</li>`);
  return html`<div class="tree">
${group.record === null ? nothing : recordLine(group.record)}
<ul>${
    master === undefined
      ? html`<li><span class="line">${sign("bad")} no master</span><ul>${below}</ul></li>`
      : html`<li>${nodeLine(group, master)}<ul>${below}</ul></li>`
  }</ul>
</div>`;
}

const recordTones = { right: "good", differs: "bad", unknown: "none" } as const;

function recordLine({ name, status, found, why }: RecordStatus): Html {
  const tone: Tone = recordTones[status];
  const shown = (found ?? []).filter((one) => one.name === name).map(formatRecord);
  // Why it differs stands among the group's problems.
  const said = { right: shown.join(", "), differs: "differs", unknown: why }[status];
  return html`<p class="line">${sign(tone)} <code>${name}</code> <span class="dim">${said}</span></p>`;
}

function nodeLine(group: GroupStatus, node: NodeStatus): Html {
  const seen = bestSeen(node, group.observers);
  const tone = toneOf(node, seen);
  const words =
    seen === null
      ? ["no observer has said anything of it lately"]
      : [seen.verdict, ...detailOf(seen), ...fitnessOf(node, seen.unfit)];
  const place = placeOf(node);
  return html`<span class="line">${sign(tone)} <code>${node.id}</code>${
    node.isMaster ? html` <b class="tag">master</b>` : nothing
  }${node.isDiscovered ? html` <span class="tag">discovered</span>` : nothing}
<span class="dim">${words.join(" · ")}${place === "" ? "" : ` · ${place}`}</span></span>`;
}

/** A node that answers and could not take over is half of what a replica is for. */
function toneOf(node: NodeStatus, seen: NodeSeen | null): Tone {
  if (seen === null) return "none";
  const tone = toneOfVerdict(seen.verdict);
  return tone === "good" && !node.isMaster && seen.unfit !== null ? "warn" : tone;
}

function fitnessOf(node: NodeStatus, unfit: string | null): readonly string[] {
  if (node.isMaster) return [];
  const why = node.never ?? unfit;
  return [why === null ? "could take over" : `could not take over: ${why}`];
}

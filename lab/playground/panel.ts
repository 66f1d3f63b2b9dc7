import {
  formatDuration,
  type Html,
  html,
  idOf,
  nothing,
  sign,
  type Tone,
} from "../../lib/page/html.ts";
import {
  type ClientStanding,
  type NodeAction,
  type NodeStanding,
  nodeActions,
  type ObserverAction,
  type ObserverStanding,
  observerActions,
  type Said,
  type Standing,
} from "./play.ts";

/** What stands above the groups in the lab: the processes, buttons to make them fail, a client, and what was said. */
export function panel({ nodes, observers, client, said, environment }: Standing): Html {
  return html`<section class="group" id="lab" aria-labelledby="lab-name">
<h2 id="lab-name">Playground</h2>
<div class="columns">
<div data-live id="lab-nodes"><h3>Redis servers</h3>${nodeTable(nodes)}</div>
<div data-live id="lab-observers"><h3>Observers</h3>${observerTable(observers)}</div>
</div>
<div data-live id="lab-client">${client === null ? nothing : clientLine(client)}</div>
<details id="lab-fold" open><summary>What was said, newest first</summary><div data-live id="lab-said">${saidList(said)}</div></details>
<details id="lab-help"><summary>What the buttons do, and what can't be done here</summary>${help(environment)}</details>
</section>`;
}

const nodeWords: Readonly<Record<NodeAction, string>> = {
  kill: "Kill",
  hang: "Hang",
  wake: "Wake",
  start: "Start",
  "start-empty": "Start empty",
  cut: "Cut off",
  heal: "Reconnect",
};

const observerWords: Readonly<Record<ObserverAction, string>> = {
  kill: "Kill",
  freeze: "Freeze",
  thaw: "Thaw",
  start: "Start",
  cut: "Cut off from servers",
  heal: "Reconnect to servers",
  "cut-table": "Cut off from table",
  "heal-table": "Reconnect to table",
};

function nodeTable(nodes: readonly NodeStanding[]): Html {
  const rows = nodes.map((node) => {
    const state = [node.process, ...(node.isCut === true ? ["cut off"] : [])].join(", ");
    const buttons = nodeActions(node).map((action, index) => ({
      ...{ id: idOf("node", node.id, String(index)), word: nodeWords[action], of: node.id },
      path: `/lab/nodes/${encodeURIComponent(node.id)}/${action}`,
    }));
    return row(html`<code>${node.id}</code>`, toneOf(state === "running"), state, buttons);
  });
  return html`<table><caption>Redis servers</caption><tbody>${rows}</tbody></table>`;
}

function observerTable(observers: readonly ObserverStanding[]): Html {
  const rows = observers.map((observer) => {
    const state = [
      observer.process,
      ...(observer.isCut === true ? ["cut off from servers"] : []),
      ...(observer.isTableCut === true ? ["cut off from table"] : []),
    ].join(", ");
    const buttons = observerActions(observer).map((action, index) => ({
      ...{ id: idOf("observer", observer.name, String(index)), word: observerWords[action] },
      of: observer.name,
      path: `/lab/observers/${encodeURIComponent(observer.name)}/${action}`,
    }));
    return row(html`${observer.name}`, toneOf(state === "running"), state, buttons);
  });
  return html`<table><caption>Observers</caption><tbody>${rows}</tbody></table>`;
}

function toneOf(isFine: boolean): Tone {
  return isFine ? "good" : "bad";
}

interface Button {
  /** By its place, so that the focus stays where it is when the button becomes another one. */
  readonly id: string;
  readonly word: string;
  readonly of: string;
  readonly path: string;
}

function row(name: Html, tone: Tone, state: string, buttons: readonly Button[]): Html {
  return html`<tr><th scope="row">${name}<br><small>${sign(tone)} ${state}</small></th><td class="buttons">${buttons.map(
    ({ id, word, of, path }) =>
      html`<form method="post" action="${path}"><button id="${id}" aria-label="${word} ${of}">${word}</button></form> `,
  )}</td></tr>`;
}

function clientLine({ acknowledged, unanswered, last }: ClientStanding): Html {
  const word =
    last === null
      ? "no write was acknowledged yet"
      : `${acknowledged} writes acknowledged, ${unanswered} without an answer, the last one by ${last.node}, ${formatDuration(last.agoMs)} ago`;
  const isFine = last !== null && last.agoMs < 1_000;
  return html`<h3>A client that knows only the name</h3><p class="line">${sign(isFine ? "good" : "bad")} ${word}</p>`;
}

const saidShown = 12;

function saidList(said: readonly Said[]): Html {
  if (said.length === 0) return html`<p class="dim">Nothing yet.</p>`;
  return html`<table class="steps"><tbody>${said
    .slice(0, saidShown)
    .map(
      ({ at, who, text }) =>
        html`<tr><td class="number">${at.slice(11, 23)}</td><td>${who}</td><td>${text}</td></tr>`,
    )}</tbody></table>`;
}

function help(environment: readonly string[]): Html {
  return html`<ul>
<li><b>Kill</b> is SIGKILL, what a crash looks like. <b>Hang</b> is SIGSTOP: sockets stay open and nothing answers. <b>Start empty</b> starts a server without its data.</li>
<li><b>Freeze</b> stops the shift that runs, as Lambda may; the schedule starts another one within a minute.</li>
<li><b>Cut off</b> loses what passes between observers and servers, or an observer and the table. Nobody is told; what was on its way arrives after reconnecting.</li>
<li>Servers can't be cut off from each other or from the client: that takes a firewall, and with it root. Nor does a clock jump, or DNS fail.</li>
</ul>
<p>The command line sees the same table with</p>
<pre class="scroll" role="region" aria-label="Environment of the command line" tabindex="0"><code>${environment.join("\n")}</code></pre>`;
}

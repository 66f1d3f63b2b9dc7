import { createHash } from "node:crypto";
import { type Html, html, nothing, raw } from "./html.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

/** The frame of every page: one answer that holds all it needs, and allows nothing else. */
export interface Frame {
  readonly title: string;
  /** Changed only when something has changed: it is read out. */
  readonly verdict: Html;
  /** Wall clock of whoever collected this, ISO 8601; null: nothing could be collected. */
  readonly at: string | null;
  readonly body: Html;
  /** Why there is nothing to show: a page that is open keeps what it has, and says this. */
  readonly failure: string | null;
  /** How often an open page asks again. */
  readonly everyMs: number;
}

/** Sources of the Content-Security-Policy: this very style and this very script. */
export const styleSource = `'sha256-${hashOf(style)}'`;
export const scriptSource = `'sha256-${hashOf(script)}'`;

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

export function frame({ title, verdict, at, body, failure, everyMs }: Frame): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
<noscript><meta http-equiv="refresh" content="15"></noscript>
</head>
<body data-every="${everyMs}">
<a class="skip" href="#page">To the groups</a>
<header>
<p class="name">lambda-sentinel</p>
<div role="status" class="verdict"><h1 data-live id="verdict">${verdict}</h1></div>
<p class="fresh"><span data-live id="at">${at === null ? nothing : html`as of <time datetime="${at}">${at.slice(11, 19)} UTC</time>`}</span>
<button type="button" id="hold" hidden>Stop refreshing</button></p>
<p role="alert" id="trouble" class="bad">${failure ?? nothing}</p>
</header>
<main id="page" tabindex="-1"${failure === null ? nothing : html` data-failure="${failure}"`}>${body}</main>
<script>${raw(script)}</script>
</body>
</html>`;
}

/** The page's own style: it loads nothing, and fits a screen, a phone, paper, and both kinds of light. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fcfcfb; --text: #1d1f21; --dim: #5c6166; --line: #d9dcdf; --lane: #eef0f2;
  --good: #14713c; --bad: #b3261e; --news: #2458a6;
  --found: #b3261e; --agreed: #a35c00; --promoted: #2458a6; --published: #14713c; --settled: #5c6166;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16181a; --text: #e6e7e8; --dim: #a0a6ac; --line: #34393e; --lane: #212528;
    --good: #6fce95; --bad: #ff8a80; --news: #8ab4f8;
    --found: #ff8a80; --agreed: #f5b65f; --promoted: #8ab4f8; --published: #6fce95; --settled: #a0a6ac;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 3rem;
  background: var(--ground); color: var(--text);
  font: 0.95rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.4rem; margin: 0 0 0.25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 0.5rem; }
p { margin: 0.25rem 0; max-width: 60rem; }
code, td.code, .mark { font-family: ui-monospace, monospace; font-size: 0.88em; }
.dim { color: var(--dim); }
.good { color: var(--good); } .bad { color: var(--bad); } .news { color: var(--news); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 1rem 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 44rem; }
th { text-align: left; font-weight: 600; color: var(--dim); }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:last-child { overflow-wrap: anywhere; min-width: 14rem; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.code, td.name { white-space: nowrap; }
svg { display: block; min-width: 44rem; width: 100%; height: auto; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .axis { fill: var(--dim); }
svg .grid { stroke: var(--line); }
svg .lane { fill: var(--lane); }
svg .span.found { fill: var(--found); } svg .span.agreed { fill: var(--agreed); }
svg .span.promoted { fill: var(--promoted); } svg .span.published { fill: var(--published); }
svg .span.settled { fill: var(--settled); }
svg .tick.good { stroke: var(--good); } svg .tick.bad { stroke: var(--bad); } svg .tick.news { stroke: var(--news); }
svg .tick { stroke-width: 2; }
svg .before { text-anchor: end; }
svg .label { text-anchor: middle; font-size: 11px; }
@media print { body { max-width: none; } svg, table { min-width: 0; } }
`;

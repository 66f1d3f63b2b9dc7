/** The page's only style: dense, calm, and legible at night. Colours are named by what they mean. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f8; --card: #ffffff; --ink: #1b1e21; --dim: #565c63; --line: #d9dde1; --mark: #1d4f91;
  --good: #12683a; --warn: #825000; --bad: #b0201a; --bad-paper: #fdecea;
  --detect: #b26a00; --agree: #2a6fc2; --promote: #7b4bb3; --publish: #1b8350;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1113; --card: #171a1d; --ink: #e4e7ea; --dim: #a2a9b0; --line: #2e3338; --mark: #8fbcff;
    --good: #74d196; --warn: #f0bd62; --bad: #ff958b; --bad-paper: #34191a;
    --detect: #d99a3d; --agree: #6aa6f0; --promote: #b18ae6; --publish: #58c387;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 0 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main { max-width: 84rem; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1.25rem; padding: .9rem 0 .7rem;
  border-bottom: 1px solid var(--line); }
header p, h1 { margin: 0; }
h1 { font-size: 1.15rem; }
.name { color: var(--dim); font-weight: 600; }
.fresh { margin-left: auto; color: var(--dim); font-variant-numeric: tabular-nums; }
#trouble { flex-basis: 100%; font-weight: 600; }
#trouble:empty { display: none; }
body.old header { border-bottom: 4px solid var(--bad); }
body.old .group { border-style: dashed; border-color: var(--bad); }
main:focus { outline: none; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .3rem; background: var(--card); padding: .2rem .5rem; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; border-radius: 2px; }
a { color: inherit; text-decoration-color: var(--dim); text-underline-offset: 3px; }
code, .number { font: .93em/1.45 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
small { font-size: .85em; color: var(--dim); }
.dim { color: var(--dim); }
p { margin: .4rem 0; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.sign { display: inline-block; width: 1.1em; text-indent: 0; font-weight: 700; }
.sign.none { color: var(--dim); }
.tag { font-size: .8em; font-weight: 600; padding: 0 .4em; border: 1px solid currentColor; border-radius: 3px; }
.group { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem 1rem; margin: 1rem 0; }
.group.line { padding: .45rem 1rem; margin: .4rem 0; }
h2 { font-size: 1.1rem; margin: 0 0 .3rem; }
h2 span:not(.sign) { font-weight: 600; font-size: .9em; }
h3 { font-size: .8rem; letter-spacing: .05em; text-transform: uppercase; color: var(--dim); margin: .9rem 0 .35rem; }
.problems { list-style: none; margin: .4rem 0; padding: .45rem .7rem; background: var(--bad-paper);
  border-left: 4px solid var(--bad); border-radius: 3px; }
.problems li { overflow-wrap: anywhere; }
.columns { display: grid; grid-template-columns: minmax(18rem, 5fr) minmax(0, 7fr); gap: 0 1.6rem; }
.tree .line { display: block; margin: 0; padding-left: 1.1em; text-indent: -1.1em; }
.tree ul { list-style: none; margin: 0; padding: 0; }
.tree > ul { margin-top: .2rem; }
.tree li { padding: .12rem 0; }
.tree li li { margin-left: .45rem; padding-left: .9rem; border-left: 2px solid var(--line); }
.line { margin: .15rem 0; }
dl { margin: .7rem 0 0; }
dl div { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .6rem; padding: .12rem 0; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-top: 1px solid var(--line); font-weight: 400; }
thead th { border-top: 0; font-weight: 600; white-space: nowrap; }
tfoot { color: var(--dim); }
tbody th { font-weight: 400; }
.scroll th { white-space: nowrap; }
.scroll td { min-width: 7.5rem; }
td.old { font-style: italic; }
.failovers { list-style: none; margin: 0; padding: 0; }
.failovers > li { padding: .45rem 0; border-top: 1px solid var(--line); }
.failovers > li:first-child { border-top: 0; }
.bar { display: block; width: 100%; height: 10px; margin: .3rem 0; }
.legend { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: .75em; height: .75em; margin-right: .4em; border-radius: 2px; }
rect.detect { fill: var(--detect); } .swatch.detect { background: var(--detect); }
rect.agree { fill: var(--agree); } .swatch.agree { background: var(--agree); }
rect.promote { fill: var(--promote); } .swatch.promote { background: var(--promote); }
rect.publish { fill: var(--publish); } .swatch.publish { background: var(--publish); }
summary { cursor: pointer; color: var(--dim); width: fit-content; }
.steps { margin-top: .3rem; font-size: .93em; }
.steps td { overflow-wrap: anywhere; }
button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--dim); border-radius: 4px;
  padding: .1rem .6rem; min-height: 1.9rem; cursor: pointer; }
button:hover { border-color: var(--mark); color: var(--mark); }
button[aria-busy="true"] { opacity: .6; cursor: progress; }
.buttons form { display: inline-block; margin: 0 .1rem .25rem 0; }
pre { margin: .3rem 0; }
@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 34rem) {
  body { padding: 0 .5rem 2rem; }
  .group { padding: .6rem .6rem .8rem; }
  .fresh { margin-left: 0; }
  dl div { grid-template-columns: 5.5rem minmax(0, 1fr); }
  .steps thead { display: none; }
  .steps tr, .steps td { display: block; border-top: 0; padding: 0; }
  .steps tr { border-top: 1px solid var(--line); padding: .3rem 0; }
}
`;

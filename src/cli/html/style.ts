import { Html } from "./markup.ts";

/** The look of a page. Charts take their colours from the variables. */
export const style = new Html(`
:root { color-scheme: light dark; --paper: #ffffff; --card: #f7f8fa; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --bar: #4c78a8; --mark: #b4431d; --good: #1a7f37; --bad: #b42318; --even: #57606a; }
@media (prefers-color-scheme: dark) { :root { --paper: #11151a; --card: #1a2027; --ink: #e6edf3; --soft: #9da7b1; --line: #39424d;
  --bar: #79a9d9; --mark: #f0a07c; --good: #56d364; --bad: #ff8a80; --even: #9da7b1; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .25rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
.lead, .note, footer { color: var(--soft); }
.lead { margin: 0; overflow-wrap: anywhere; } .note { margin: 0 0 .75rem; font-size: .9rem; max-width: 56rem; }
footer { margin-top: 3rem; font-size: .85rem; border-top: 1px solid var(--line); padding-top: .5rem; }
code { font: .875em ui-monospace, "DejaVu Sans Mono", monospace; }
figure { margin: .75rem 0; } figcaption { font-size: .85rem; color: var(--soft); }
figure svg { display: block; width: 100%; height: auto; } figure svg.narrow { display: none; max-width: 28rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: 1rem; }
.charts > figure { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; margin: 0; min-width: 0; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; min-width: 100%; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { font-weight: 600; color: var(--soft); white-space: nowrap; } tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 9rem; }
small { display: block; color: var(--soft); font-size: .78rem; }
.number { text-align: right; white-space: nowrap; } tbody th.number { min-width: 0; }
.better, .worse { white-space: nowrap; } .better { color: var(--good); font-weight: 600; } .worse { color: var(--bad); font-weight: 600; }
details { margin: .4rem 0; border: 1px solid var(--line); border-radius: .4rem; padding: .35rem .6rem; background: var(--card); }
summary { cursor: pointer; overflow-wrap: anywhere; } dt { color: var(--soft); font-size: .8rem; margin-top: .4rem; } dd { margin: 0; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
@media (max-width: 40rem) { figure svg.wide { display: none; } figure svg.narrow { display: block; } }
@media print { :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --bar: #4c78a8; --mark: #b4431d;
  --good: #1a7f37; --bad: #b42318; --even: #444; } body { font-size: 11pt; } main { max-width: none; padding: 0; } .scroll { overflow: visible; }
  section, figure, tr, details { break-inside: avoid; } section { break-inside: auto; } }
`);

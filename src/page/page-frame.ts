import { Html, html } from './html.js';
import type { HtmlValue } from './html.js';

/** Settings as rows of dotted names, e.g. `optimizer.lr`. Lists of plain values stay in one row. */
function settings(config: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(config).flatMap(([key, value]): [string, string][] => {
    const name = `${prefix}${key}`;
    if (value === undefined) return [];
    if (isRecord(value)) return Object.keys(value).length === 0 ? [[name, '{}']] : settings(value, `${name}.`);
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

export function configTable(config: Readonly<Record<string, unknown>>): Html {
  const rows = settings(config).map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${value}</td>
      </tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Settings">
    <table class="numbers settings" aria-label="Settings">
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** A table of figures with a header row; where it is wide, it scrolls sideways. */
export function figureTable({ kind = '', caption = null, head, rows, foot = null }: FigureTable): Html {
  return html`<div class="scroll" tabindex="0">
    <table class="${`numbers ${kind}`.trim()}">
      ${
        caption === null
          ? null
          : html`<caption>
              ${caption}
            </caption>`
      }
      <thead>
        <tr>
          ${head.map((name) => (name instanceof Html ? name : html`<th scope="col">${name}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
      ${
        foot === null
          ? null
          : html`<tfoot>
              ${foot}
            </tfoot>`
      }
    </table>
  </div>`;
}

interface FigureTable {
  /** A further class of the table. */
  readonly kind?: string;
  readonly caption?: string | null;
  /** Names of the columns, or their cells. */
  readonly head: readonly (string | Html)[];
  readonly rows: readonly Html[];
  readonly foot?: Html | null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The look of every HTML page that ferstream writes: colours (light, dark, print), type, cards, tables. Each page adds only what it alone has.
 * Text has a contrast of at least 4.5 : 1 to its background; lines, dots and borders of controls at least 3 : 1 (WCAG 2.2 AA).
 * Expressions keep their hues of the overlay (palette.ts), darker on a light page.
 */
const PAGE_STYLE = `
:root { color-scheme: light;
  --page: #f3f5f8; --card: #ffffff; --text: #161a20; --soft: #505a68; --line: #dde2e9; --edge: #7f8896; --track: #e6eaf0;
  --accent: #0b5cad; --on-accent: #ffffff; --bad: #a3260b; --shadow: 0 1px 2px rgb(16 24 40 / 0.06), 0 4px 16px rgb(16 24 40 / 0.05);
  --e-neutral: #97a3b4; --e-happiness: #e2b007; --e-surprise: #f08c1a; --e-sadness: #3b8fd6; --e-anger: #cf3f1c; --e-disgust: #159a70;
  --e-fear: #b565a7; --e-contempt: #2c55b0; --e-other: #7a6f5d; --unsure: #a9b2be; }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark;
  --page: #0f1318; --card: #181d24; --text: #eceff3; --soft: #a7b1bf; --line: #2b333e; --edge: #73808f; --track: #262d37;
  --accent: #7cc0ff; --on-accent: #0c1116; --bad: #ff9a83; --shadow: none;
  --e-neutral: #76828f; --e-happiness: #f0dc4a; --e-surprise: #f5a33b; --e-sadness: #64b5ee; --e-anger: #ee6a3c; --e-disgust: #2fbf94;
  --e-fear: #da93c4; --e-contempt: #6c8fee; --e-other: #b3a68f; --unsure: #5d6875; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 64px; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; letter-spacing: -0.01em; margin: 0 0 8px; }
h3 { font-size: 1rem; margin: 20px 0 4px; }
p { margin: 0 0 12px; max-width: 80ch; }
a { color: var(--accent); }
.soft, .none { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 20px; margin-top: 20px; box-shadow: var(--shadow); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 12px 16px; box-shadow: var(--shadow); }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
.numbers { margin-top: 16px; }
.numbers th, .numbers td { padding: 4px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
.numbers thead th { vertical-align: bottom; color: var(--soft); font-weight: 600; white-space: normal; }
.numbers th:first-child { text-align: left; }
.numbers tfoot th, .numbers tfoot td { font-weight: 600; border-bottom: 0; }
.numbers th.text, .numbers td.text { text-align: left; }
.settings th { text-align: left; font-weight: 500; overflow-wrap: anywhere; }
.settings td { text-align: left; white-space: normal; overflow-wrap: anywhere; font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; font-size: .85em; }
details { margin-top: 16px; }
summary { cursor: pointer; font-weight: 600; }
@media print { body { background: none; font-size: 12px; } main { padding: 0; max-width: none; }
  section, .tiles div { box-shadow: none; } section { break-inside: avoid; border: 0; padding: 0; } details:not([open]) { display: none; } }
`;

interface PageParts {
  readonly title: string;
  /** CSS that only this kind of page needs, after the common style. */
  readonly style?: string;
  /** Within <main>. */
  readonly body: HtmlValue;
  /** Data for the script, by the id of their element; JSON. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** JavaScript, run at the end. */
  readonly script?: string;
}

/** Allows only what is in the page, and media of its own folder. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; media-src 'self' file: blob:";

/** A whole page with everything in it: it asks for nothing from the network. */
export function pageFrame({ title, style = '', body, data = {}, script }: PageParts): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <title>${title}</title>
        <style>
          ${new Html(PAGE_STYLE + style)}
        </style>
      </head>
      <body>
        <main>${body}</main>
        ${Object.entries(data).map(([id, value]) => new Html(`<script type="application/json" id="${id}">${jsonText(value)}</script>\n`))}
        ${script === undefined ? null : new Html(`<script>\n${script}\n</script>`)}
      </body>
    </html> `.text;
}

/** Numbers with their names, as a row of cards. */
export function tiles(entries: readonly (readonly [name: string, value: string | number])[]): Html {
  return html`<dl class="tiles">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** JSON that cannot close its script element. */
function jsonText(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

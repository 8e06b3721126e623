import { Html, html } from './html.js';
import type { HtmlValue } from './html.js';
import { PAGE_STYLE } from './page-style.js';

export interface PageParts {
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

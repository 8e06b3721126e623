/** A piece of a page that is markup already. */
export class Html {
  constructor(readonly text: string) {}
}

export type HtmlValue = string | number | null | Html | readonly HtmlValue[];

/** Template of a piece of a page: every value that is not `Html` is escaped, so that no name or path can become markup. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((part, i) => part + (i < values.length ? markup(values[i]!) : '')).join(''));
}

/** Safe as text of HTML, XML and WebVTT. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Safe as text and inside quoted attributes. Control characters, which no page may hold, become U+FFFD. */
function escapeHtml(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;').replace(CONTROL, '\uFFFD');
}

// eslint-disable-next-line no-control-regex -- these are what must go
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;

function markup(value: HtmlValue): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(markup).join('');
}

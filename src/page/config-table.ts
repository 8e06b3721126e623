import { html } from './html.js';
import type { Html } from './html.js';

/** Settings as rows of dotted names, e.g. `optimizer.lr`. Lists of plain values stay in one row. */
export function settings(config: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
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
  return html`<div class="scroll" tabindex="0">
    <table class="numbers settings">
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

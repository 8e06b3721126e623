import { html, decades, figure, ticks } from '../../page/html.js';
import type { Html } from '../../page/html.js';

export interface Series {
  readonly name: string;
  /** One for each of `epochs`; gaps where null or not finite. */
  readonly values: readonly (number | null)[];
}

export interface LineChart {
  readonly title: string;
  readonly epochs: readonly number[];
  readonly series: readonly Series[];
  /** Formats the numbers on the axis and in tooltips. */
  readonly format?: (value: number) => string;
  /** Axis in powers of ten, where all values are positive. */
  readonly logarithmic?: boolean;
  /** An epoch to point out. */
  readonly marked?: number | null;
}

const WIDTH = 560;
const HEIGHT = 290;
const LEFT = 62;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 42;
/** More points than this are a line without dots. */
const MOST_DOTS = 60;
/** Colours and dash patterns of the style sheet. */
const STYLES = 8;

/** Curves over epochs as inline SVG with a legend. Lines also differ in dashes, for colour-blind readers. */
export function lineChart(chart: LineChart): Html {
  const { title, epochs, format = figure, marked = null } = chart;
  const series = chart.series.filter(({ values }) => values.some(isNumber));
  const known = series.flatMap(({ values }) => values.filter(isNumber));
  if (known.length === 0)
    return html`<figure class="chart">
      <figcaption>${title}</figcaption>
      <p class="none">No numbers.</p>
    </figure>`;

  // No spread of arguments: a long history would be too many of them.
  const low = known.reduce((a, b) => Math.min(a, b));
  const high = known.reduce((a, b) => Math.max(a, b));
  const logarithmic = chart.logarithmic === true && low > 0;
  const marks = logarithmic ? decades(low, high) : ticks(low, high, 5);
  const scale = (value: number): number => (logarithmic ? Math.log10(value) : value);
  const [bottom, top] = [scale(marks[0]!), scale(marks.at(-1)!)];
  const y = (value: number): number => TOP + ((top - scale(value)) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const first = epochs[0] ?? 1;
  const last = Math.max(first + 1, epochs.at(-1) ?? 1);
  const x = (epoch: number): number => LEFT + ((epoch - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const epochMarks = ticks(first, last, 8).filter(
    (epoch) => Number.isInteger(epoch) && epoch >= first && epoch <= last,
  );

  const horizontal = marks.map((value) => {
    const at = round(y(value));
    return html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" /><text
        x="${LEFT - 8}"
        y="${at}"
        dy="0.35em"
        text-anchor="end"
        >${format(value)}</text
      >`;
  });
  const vertical = epochMarks.map(
    (epoch) => html`<text x="${round(x(epoch))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${epoch}</text>`,
  );
  const markedLine =
    marked !== null && marked >= first && marked <= last
      ? html`<line class="marked" x1="${round(x(marked))}" x2="${round(x(marked))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"
          ><title>Best epoch: ${marked}</title></line
        >`
      : null;
  const curves = series.map(({ name, values }, s) => {
    const points = values.map((value, i) =>
      isNumber(value) ? { at: `${round(x(epochs[i]!))},${round(y(value))}`, epoch: epochs[i]!, value } : null,
    );
    const dots = points.filter((point) => point !== null);
    const single = alone(points.map((point) => point !== null));
    const shown =
      dots.length <= MOST_DOTS
        ? dots
        : points.filter((point, i) => point !== null && single[i] === true).filter((point) => point !== null);
    return html`<g class="s${s % STYLES}"
      ><path class="line" d="${pathOf(points.map((point) => point?.at ?? null))}" />${shown.map(
        ({ at, epoch, value }) => {
          const [cx, cy] = at.split(',');
          return html`<circle cx="${cx!}" cy="${cy!}" r="2.5"
            ><title>${name}, epoch ${epoch}: ${format(value)}</title></circle
          >`;
        },
      )}</g
    >`;
  });
  const summary = series.map(({ name, values }) => `${name} ${describe(values, epochs, format)}`).join('; ');
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <ul class="legend">
      ${series.map(
        ({ name }, s) =>
          html`<li class="s${s % STYLES}">
            <svg width="28" height="10" aria-hidden="true"><line class="line" x1="0" x2="28" y1="5" y2="5" /></svg
            >${name}
          </li>`,
      )}
    </ul>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${summary}">
      ${horizontal}${vertical}
      <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">epoch</text>
      ${markedLine}${curves}
    </svg>
  </figure>`;
}

/** Lines through neighbouring points; a new line after each gap. */
function pathOf(points: readonly (string | null)[]): string {
  return points
    .map((at, i) => (at === null ? '' : `${i > 0 && (points[i - 1] ?? null) !== null ? 'L' : 'M'}${at}`))
    .join('');
}

/** Which points have gaps on both sides: without a dot nothing would be seen of them. */
function alone(present: readonly boolean[]): boolean[] {
  return present.map((here, i) => here && present[i - 1] !== true && present[i + 1] !== true);
}

function describe(
  values: readonly (number | null)[],
  epochs: readonly number[],
  format: (value: number) => string,
): string {
  const known = values.flatMap((value, i) => (isNumber(value) ? [{ value, epoch: epochs[i]! }] : []));
  const from = known[0]!;
  const to = known.at(-1)!;
  return known.length === 1
    ? `${format(from.value)} in epoch ${from.epoch}`
    : `from ${format(from.value)} in epoch ${from.epoch} to ${format(to.value)} in epoch ${to.epoch}`;
}

function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

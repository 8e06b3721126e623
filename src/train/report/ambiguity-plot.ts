import { html, figure, percent, posterior } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import { figureTable } from '../../page/page-frame.js';
import { CLEAR_MARGIN, QUADRANTS, QUADRANT_NAMES } from './ambiguity-points.js';
import type { AmbiguityPoint, Quadrant } from './ambiguity-points.js';

/** The training samples of one label by quadrant. */
interface ClassAmbiguity {
  readonly label: string;
  readonly count: number;
  /** Means over the class; null without samples. */
  readonly truth: number | null;
  readonly nearest: number | null;
  readonly weight: number | null;
  /** Share of the class in each quadrant; 0 without samples. */
  readonly shares: Readonly<Record<Quadrant, number>>;
  /** The most frequent wrong prediction of the class, and its share. */
  readonly mistakenFor: { readonly label: string; readonly share: number } | null;
}

export function ambiguityByClass(points: readonly AmbiguityPoint[], labels: readonly string[]): ClassAmbiguity[] {
  return labels.map((label, k) => {
    const members = points.filter(({ given }) => given === k);
    const count = members.length;
    const mean = (value: (point: AmbiguityPoint) => number): number | null =>
      count === 0 ? null : members.reduce((sum, point) => sum + value(point), 0) / count;
    const share = (quadrant: Quadrant): number => mean((point) => (point.quadrant === quadrant ? 1 : 0)) ?? 0;
    const [other, times] = labels
      .map((_, j) => [j, j === k ? 0 : members.filter(({ predicted }) => predicted === j).length] as const)
      .reduce((a, b) => (b[1] > a[1] ? b : a));
    return {
      label,
      count,
      truth: mean(({ truth }) => truth),
      nearest: mean(({ nearest }) => nearest),
      weight: mean(({ weight }) => weight),
      shares: {
        'clear-agreed': share('clear-agreed'),
        'ambiguous-agreed': share('ambiguous-agreed'),
        'ambiguous-disagreed': share('ambiguous-disagreed'),
        'confident-disagreed': share('confident-disagreed'),
      },
      mistakenFor: times === 0 ? null : { label: labels[other]!, share: times / count },
    };
  });
}

export function ambiguityClassTable(points: readonly AmbiguityPoint[], labels: readonly string[]): Html {
  const rows = ambiguityByClass(points, labels).map(
    ({ label, count, truth, nearest, weight, shares, mistakenFor }) =>
      html`<tr>
        <th scope="row">${label}</th>
        <td>${count}</td>
        <td>${mean3(truth)}</td>
        <td>${mean3(nearest)}</td>
        <td>${mean3(weight)}</td>
        <td>
          <span
            class="stack"
            role="img"
            aria-label="${QUADRANTS.map((quadrant) => `${QUADRANT_NAMES[quadrant].name} ${percent(shares[quadrant])}`).join(', ')}"
            >${QUADRANTS.map((quadrant) => html`<i class="${quadrant}" style="width:${(100 * shares[quadrant]).toFixed(2)}%"></i>`)}</span
          >
        </td>
        ${QUADRANTS.map((quadrant) => html`<td>${count === 0 ? '–' : percent(shares[quadrant])}</td>`)}
        <td class="text">${mistakenFor === null ? '–' : `${mistakenFor.label} (${percent(mistakenFor.share)})`}</td>
      </tr>`,
  );
  return figureTable({
    kind: 'close',
    caption: 'By given label: means, and shares of the quadrants',
    head: [
      ...['Given label', 'Samples', 'p_GT', 'p_NN', 'w', 'Quadrants'],
      ...QUADRANTS.map((quadrant) => QUADRANT_NAMES[quadrant].name),
      html`<th scope="col" class="text">Mostly mistaken for</th>`,
    ],
    rows,
  });
}

function mean3(value: number | null): string {
  return value === null ? '–' : posterior(value);
}

const SIDE = 520;
const LEFT = 52;
const TOP = 12;
/** Space for the name at the plane's lower right corner. */
const RIGHT = 130;
const BOTTOM = 46;
/** Steps of the colour scale in the style sheet. */
const STEPS = 8;

/**
 * p_GT across, p_NN upwards, coloured by weight. Posteriors sum to 1, so that all samples are below the ridge
 * p_GT + p_NN = 1; the names of the quadrants stand above it.
 * @param all what shares and the range of weights are computed from
 * @param shown those of them that are drawn
 */
export function ambiguityPlot(
  all: readonly AmbiguityPoint[],
  shown: readonly AmbiguityPoint[],
  labels: readonly string[],
): Html {
  const [low, high] = weightRange(all);
  const x = (p: number): number => Math.round(10 * (LEFT + p * SIDE)) / 10;
  const y = (p: number): number => Math.round(10 * (TOP + (1 - p) * SIDE)) / 10;
  const segment = (name: string, from: readonly [number, number], to: readonly [number, number], title: string): Html =>
    html`<line class="${name}" x1="${x(from[0])}" y1="${y(from[1])}" x2="${x(to[0])}" y2="${y(to[1])}"
      ><title>${title}</title></line
    >`;
  const marks = [0, 0.25, 0.5, 0.75, 1].map(
    (p) =>
      html`<text x="${x(p)}" y="${TOP + SIDE + 18}" text-anchor="middle">${p}</text
        ><text x="${LEFT - 8}" y="${y(p)}" dy="0.35em" text-anchor="end">${p}</text>`,
  );
  const dots = shown.map(
    (point) =>
      html`<circle class="w${step(point.weight, low, high)}" cx="${x(point.truth)}" cy="${y(point.nearest)}" r="3"
        ><title>
          ${point.id}: ${labels[point.given] ?? ''}, p_GT ${posterior(point.truth)}, p_NN ${posterior(point.nearest)}, w
          ${figure(point.weight)}
        </title></circle
      >`,
  );
  const names = QUADRANTS.map((quadrant, k) => {
    // The middle of its stretch of the ridge, from confident & disagreed at the top left to clear & agreed at the bottom right.
    const truth = (7 - 2 * k) / 8;
    const share = all.length === 0 ? null : all.filter((point) => point.quadrant === quadrant).length / all.length;
    return html`<text class="name" x="${x(truth) + 16}" y="${y(1 - truth) - 12}">${QUADRANT_NAMES[quadrant].name}</text
      ><text class="share" x="${x(truth) + 16}" y="${y(1 - truth) + 4}">${percent(share)}</text>`;
  });
  const m = CLEAR_MARGIN;
  return html`<div class="plot">
    <svg
      viewBox="0 0 ${LEFT + SIDE + RIGHT} ${TOP + SIDE + BOTTOM}"
      role="img"
      aria-label="${shown.length} training samples by the posterior of their label and of the nearest negative, coloured by weight from ${figure(low)} to ${figure(high)}"
    >
      <rect class="frame" x="${LEFT}" y="${TOP}" width="${SIDE}" height="${SIDE}" />
      ${marks}
      <text x="${LEFT + SIDE / 2}" y="${TOP + SIDE + 38}" text-anchor="middle">p_GT, posterior of the given label</text>
      <text transform="translate(14 ${TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">
        p_NN, largest posterior among the others
      </text>
      <g class="dots">${dots}</g>
      ${segment('diagonal', [0, 0], [0.5, 0.5], 'diagonal: p_GT = p_NN')}
      ${segment('ridge', [0, 1], [1, 0], 'ridge: p_GT + p_NN = 1')}
      ${segment('margin', [m, 0], [(1 + m) / 2, (1 - m) / 2], `p_GT - p_NN = ${m}`)}
      ${segment('margin', [0, m], [(1 - m) / 2, (1 + m) / 2], `p_NN - p_GT = ${m}`)} ${names}
    </svg>
    <div>
      <div class="ramp"><span>w = ${figure(low)}</span><i></i><span>${figure(high)}</span></div>
      <ul class="key">
        ${QUADRANTS.map((quadrant) => html`<li class="${quadrant}"><strong>${QUADRANT_NAMES[quadrant].name}</strong>: ${QUADRANT_NAMES[quadrant].meaning}</li>`)}
      </ul>
      <p class="soft">
        Solid line: the diagonal p_GT = p_NN, above which another class leads. Dashed: the ridge p_GT + p_NN = 1, where
        two classes share all probability. Dotted: a margin of ${m} between the two.
      </p>
    </div>
  </div>`;
}

/** Smallest and largest weight; [0, 0] without samples. */
function weightRange(points: readonly AmbiguityPoint[]): readonly [number, number] {
  return points.reduce<readonly [number, number]>(
    ([low, high], { weight }, i) => (i === 0 ? [weight, weight] : [Math.min(low, weight), Math.max(high, weight)]),
    [0, 0],
  );
}

function step(weight: number, low: number, high: number): number {
  return high > low ? Math.min(STEPS - 1, Math.floor(((weight - low) / (high - low)) * STEPS)) : STEPS - 1;
}

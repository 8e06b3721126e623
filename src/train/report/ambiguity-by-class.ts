import { QUADRANTS, QUADRANT_NAMES } from './ambiguity-points.js';
import type { AmbiguityPoint, Quadrant } from './ambiguity-points.js';
import { html } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import { percent, posterior } from '../../page/numbers.js';

/** How the training samples that were given one label stand. */
export interface ClassAmbiguity {
  readonly label: string;
  readonly count: number;
  /** Means over the class; null without samples. */
  readonly truth: number | null;
  readonly nearest: number | null;
  readonly weight: number | null;
  /** Share of the class in each quadrant; 0 without samples. */
  readonly shares: Readonly<Record<Quadrant, number>>;
  /** What the class is most often predicted as in place of its label, and the share of the class that is. */
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
  return html`<div class="scroll" tabindex="0">
    <table class="numbers close">
      <caption>
        By given label: means, and shares of the quadrants
      </caption>
      <thead>
        <tr>
          <th scope="col">Given label</th>
          <th scope="col">Samples</th>
          <th scope="col">p_GT</th>
          <th scope="col">p_NN</th>
          <th scope="col">w</th>
          <th scope="col">Quadrants</th>
          ${QUADRANTS.map((quadrant) => html`<th scope="col">${QUADRANT_NAMES[quadrant].name}</th>`)}
          <th scope="col" class="text">Mostly mistaken for</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function mean3(value: number | null): string {
  return value === null ? '–' : posterior(value);
}

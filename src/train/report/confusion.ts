import { classificationMetrics, normaliseRows } from '../metrics/classification-metrics.js';
import type { ConfusionMatrix } from '../metrics/classification-metrics.js';
import { html, percent } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import { figureTable } from '../../page/page-frame.js';

/** Confusion matrix and figures by class. @param epoch of the counts */
export function confusionSection(labels: readonly string[], confusion: ConfusionMatrix, epoch: number): Html {
  const shares = normaliseRows(confusion);
  return html`<section>
    <h2>Validation, class by class</h2>
    <p>Epoch ${epoch}. Rows are the true class, columns the predicted one; the diagonal is right.</p>
    <div class="matrices">
      ${countMatrix('Counts', labels, confusion)}
      ${matrix(
        'Share of the row, in %',
        labels,
        shares,
        labels.map((_, k) => labels.map((__, j) => (shares[k] ? (100 * shares[k][j]!).toFixed(0) : '–'))),
      )}
    </div>
    ${classTable(labels, confusion)}
  </section>`;
}

export function countMatrix(title: string, labels: readonly string[], counts: ConfusionMatrix): Html {
  return matrix(
    title,
    labels,
    normaliseRows(counts),
    counts.map((row) => row.map(String)),
  );
}

/** Cells coloured by their share of the row, so that rare classes are seen too. */
function matrix(
  title: string,
  labels: readonly string[],
  shares: readonly (readonly number[] | null)[],
  texts: readonly (readonly string[])[],
): Html {
  const rows = labels.map((label, k) => {
    const cells = labels.map((_, j) => {
      const heat = (100 * (shares[k]?.[j] ?? 0)).toFixed(1);
      return html`<td class="${j === k ? 'heat right' : 'heat'}" style="--heat:${heat}%">${texts[k]![j]!}</td>`;
    });
    return html`<tr>
      <th scope="row">${label}</th>
      ${cells}
    </tr>`;
  });
  return html`<div class="scroll" tabindex="0">
    <table class="confusion">
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          <td></td>
          ${labels.map((label) => html`<th scope="col"><span>${label}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function classTable(labels: readonly string[], confusion: ConfusionMatrix): Html {
  const { support, recall, precision, f1, count, meanClassAccuracy, macroF1 } = classificationMetrics(confusion);
  const rows = labels.map(
    (label, k) =>
      html`<tr>
        <th scope="row">${label}</th>
        <td>${support[k]!}</td>
        ${bar(recall[k]!)}${bar(precision[k]!)}${bar(f1[k]!)}
      </tr>`,
  );
  return figureTable({
    caption: 'Recall, precision and F1',
    head: ['Class', 'Support', 'Recall', 'Precision', 'F1'],
    rows,
    foot: html`<tr>
      <th scope="row">All</th>
      <td>${count}</td>
      <td>${percent(meanClassAccuracy)}</td>
      <td></td>
      <td>${percent(macroF1)}</td>
    </tr>`,
  });
}

function bar(share: number | null): Html {
  return html`<td class="bar" style="--share:${(100 * (share ?? 0)).toFixed(1)}%">${percent(share)}</td>`;
}

import { partNames } from '../records/epoch-tables.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import { html, duration, figure, percent } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import { lineChart } from './line-chart.js';
import { figureTable } from '../../page/page-frame.js';

/** Curves of the run over its epochs, and the same numbers as a table. */
export function curvesSection(history: readonly EpochRecord[], bestEpoch: number | null): Html {
  const epochs = history.map(({ epoch }) => epoch);
  const over = { epochs, marked: bestEpoch };
  const names = partNames(history);
  const parts = lineChart({
    ...over,
    title: 'Parts of the training loss',
    series: names.map((name) => ({ name, values: history.map((record) => record.parts[name] ?? null) })),
  });
  return html`<section>
    <h2>Curves</h2>
    ${bestEpoch === null ? null : html`<p>The dotted upright line is the best epoch, ${bestEpoch}.</p>`}
    <div class="charts">
      ${lineChart({
        ...over,
        title: 'Loss',
        series: [
          { name: 'training (what was minimised)', values: history.map(({ loss }) => loss) },
          { name: 'validation (cross entropy)', values: history.map(({ validation }) => validation?.loss ?? null) },
        ],
      })}
      ${names.length === 0 ? null : parts}
      ${lineChart({
        ...over,
        title: 'Accuracy',
        format: (share) => percent(share).replace('.0', ''),
        series: [
          { name: 'training accuracy', values: history.map(({ trainAccuracy }) => trainAccuracy) },
          { name: 'validation accuracy (WAR)', values: history.map(({ validation }) => validation?.accuracy ?? null) },
          {
            name: 'validation mean class accuracy (UAR)',
            values: history.map(({ validation }) => validation?.meanClassAccuracy ?? null),
          },
          { name: 'validation macro F1', values: history.map(({ validation }) => validation?.macroF1 ?? null) },
        ],
      })}
      ${lineChart({ ...over, title: 'Learning rate', logarithmic: spansDecades(history), series: [{ name: 'learning rate', values: history.map(({ learningRate }) => learningRate) }] })}
    </div>
    <details>
      <summary>Every epoch in numbers</summary>
      ${epochTable(history, names)}
    </details>
  </section>`;
}

/** Schedules that fall by more than this are read better in powers of ten. */
const WIDE = 20;

function spansDecades(history: readonly EpochRecord[]): boolean {
  const rates = history.map(({ learningRate }) => learningRate).filter((rate) => rate > 0);
  return rates.length > 0 && rates.reduce((a, b) => Math.max(a, b)) > WIDE * rates.reduce((a, b) => Math.min(a, b));
}

function epochTable(history: readonly EpochRecord[], names: readonly string[]): Html {
  const rows = history.map((record) => {
    const { validation } = record;
    const cells = [
      figure(record.learningRate),
      figure(record.loss),
      ...names.map((name) => figure(record.parts[name] ?? null)),
      percent(record.trainAccuracy),
      figure(validation?.loss ?? null),
      percent(validation?.accuracy ?? null),
      percent(validation?.meanClassAccuracy ?? null),
      percent(validation?.macroF1 ?? null),
      figure(validation?.expectedCalibrationError ?? null),
      figure(record.calibration?.expectedCalibrationError ?? null),
      duration(record.seconds),
      figure(record.samplesPerSecond),
    ];
    return html`<tr>
      <th scope="row">${record.epoch}</th>
      ${cells.map((cell) => html`<td>${cell}</td>`)}
    </tr>`;
  });
  const head = [
    'Epoch',
    'Learning rate',
    'Loss',
    ...names,
    'Training accuracy',
    'Validation loss',
    'Accuracy',
    'Mean class accuracy',
    'Macro F1',
    'Calibration error',
    'The same, calibrated',
    'Time',
    'Samples/s',
  ];
  return figureTable({ head, rows });
}

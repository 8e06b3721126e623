import { recordWarnings } from '../records/epoch-tables.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import { SeededRandom } from '../util/seeded-random.js';
import { ambiguityPoints } from './ambiguity-points.js';
import type { AmbiguityData, AmbiguityPoint } from './ambiguity-points.js';
import { ambiguityClassTable, ambiguityPlot } from './ambiguity-plot.js';
import { configTable, pageFrame, tiles } from '../../page/page-frame.js';
import { confusionSection } from './confusion.js';
import { curvesSection } from './curves.js';
import { examplesSection, sampled } from './examples.js';
import type { PictureOf } from './examples.js';
import type { Html } from '../../page/html.js';
import { html } from '../../page/html.js';
import { duration, figure, percent } from '../../page/numbers.js';
import { STYLE } from './style.js';

/** All a report tells of. */
export interface ReportData {
  readonly title: string;
  /** Names of the classes, in the order of `recall` and `confusion`. */
  readonly labels: readonly string[];
  readonly history: readonly EpochRecord[];
  /** The run's settings; nested ones get dotted names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The epoch whose model is kept as the best: marked in the curves, and the confusion is its. Without it the last epoch with validation. */
  readonly bestEpoch?: number | null;
  /** Where the training samples stood in one epoch, best the last. */
  readonly ambiguity?: AmbiguityData | null;
  /** Pictures of training samples, if available. */
  readonly pictureOf?: PictureOf | null;
  /** Seed for choosing samples. Default 0. */
  readonly seed?: number;
}

/** Dots in the plane: enough to see its shape, few enough for a page that opens at once. */
const MOST_DOTS = 2000;

/** The whole page, with nothing to load from elsewhere and no scripts. @throws FerError CONFIG_INVALID for data that do not fit. */
export async function reportPage(data: ReportData): Promise<string> {
  const { title, labels, history, config, bestEpoch = null, ambiguity = null, pictureOf = null } = data;
  const random = new SeededRandom(data.seed ?? 0);
  const judged =
    history.find(({ epoch, validation }) => epoch === bestEpoch && validation !== null) ??
    history.findLast(({ validation }) => validation !== null);
  const points = ambiguity === null ? [] : ambiguityPoints(ambiguity);
  return pageFrame({
    title,
    style: STYLE,
    body: html`<header>
        <h1>${title}</h1>
        ${recordWarnings(judged).map((line) => html`<p><strong>${line}</strong></p>`)} ${subtitle(history)}
      </header>
      ${judged?.validation ? runTiles(judged, judged.validation) : null}
      ${history.length === 0 ? null : curvesSection(history, bestEpoch)}
      ${
        judged?.validation
          ? confusionSection(labels, judged.validation.confusion, judged.epoch)
          : html`<section>
              <h2>Validation, class by class</h2>
              <p>Nothing was set aside for validation, so there is no confusion matrix.</p>
            </section>`
      }
      ${ambiguity === null ? null : ambiguitySection(ambiguity, points, labels, random.fork('dots'))}
      ${pictureOf === null || points.length === 0 ? null : await examplesSection(points, labels, pictureOf, random.fork('examples'))}
      <section>
        <h2>Settings</h2>
        ${configTable(config)}
      </section>`,
  });
}

function subtitle(history: readonly EpochRecord[]): Html {
  const last = history.at(-1);
  if (last === undefined) return html`<p class="soft">No epoch is complete yet.</p>`;
  const seconds = history.reduce((sum, record) => sum + record.seconds, 0);
  return html`<p class="soft">
    ${history.length} ${history.length === 1 ? 'epoch' : 'epochs'} in ${duration(seconds)},
    ${figure(last.samplesPerSecond)} samples/s in the last.
  </p>`;
}

function runTiles(
  { epoch, calibration }: EpochRecord,
  { count, accuracy, meanClassAccuracy, macroF1, expectedCalibrationError }: NonNullable<EpochRecord['validation']>,
): Html {
  const entries = [
    ['Epoch judged', String(epoch)],
    ['Accuracy (WAR)', percent(accuracy)],
    ['Mean class accuracy (UAR)', percent(meanClassAccuracy)],
    ['Macro F1', percent(macroF1)],
    ['Calibration error', figure(expectedCalibrationError)],
    ...(calibration == null
      ? []
      : [
          [
            `The same at temperature ${calibration.temperature.toFixed(2)}`,
            figure(calibration.expectedCalibrationError),
          ] as const,
        ]),
    ['Validation samples', String(count)],
  ] as const;
  return tiles(entries);
}

function ambiguitySection(
  data: AmbiguityData,
  points: readonly AmbiguityPoint[],
  labels: readonly string[],
  random: SeededRandom,
): Html {
  const shown = sampled(points, MOST_DOTS, random);
  const left = data.ids.length - points.length;
  return html`<section>
    <h2>Label ambiguity in training</h2>
    <p>
      Where each training sample stood in epoch ${data.epoch}: p_GT is the posterior of the label it was given, p_NN the
      largest among the other classes. The colour is the weight w of noise-aware adaptive weighting
      (NAW)${data.weightsWereUsed === false ? ', which this run did not train with: it is what NAW would have given' : ''}.
      ${shown.length < points.length ? `${shown.length} of ${points.length} samples are drawn, chosen at random; shares and means are over all.` : `All ${points.length} samples are drawn.`}${left === 0 ? '' : ` ${left} without a label or without a finite posterior are left out.`}
    </p>
    ${ambiguityPlot(points, shown, labels)} ${ambiguityClassTable(points, labels)}
  </section>`;
}

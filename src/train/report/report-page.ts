import { html, duration, figure, percent } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import { configTable, pageFrame, tiles } from '../../page/page-frame.js';
import { recordWarnings } from '../records/epoch-tables.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import { SeededRandom } from '../util/seeded-random.js';
import { ambiguityClassTable, ambiguityPlot } from './ambiguity-plot.js';
import { ambiguityPoints } from './ambiguity-points.js';
import type { AmbiguityData, AmbiguityPoint } from './ambiguity-points.js';
import { confusionSection } from './confusion.js';
import { curvesSection } from './curves.js';
import { examplesSection, sampled } from './examples.js';
import type { PictureOf } from './examples.js';

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

/** CSS for charts, matrices and galleries of training pages, in addition to the common style. */
export const STYLE = `
:root {
  --heat-full: #8dbbf0; --bar: #cfe3fa;
  --c0: #1f63b5; --c1: #c2410c; --c2: #15803d; --c3: #9333a8; --c4: #8a6a00; --c5: #0e7490; --c6: #be185d; --c7: #52525b;
  --w0: #c97a12; --w1: #d0652f; --w2: #cf5250; --w3: #bf4064; --w4: #a3386f; --w5: #782a70; --w6: #4f1d63; --w7: #2a1047;
  --q0: #15803d; --q1: #8fc7a0; --q2: #f0b678; --q3: #c2410c; }
@media screen and (prefers-color-scheme: dark) { :root {
  --heat-full: #1f5aa6; --bar: #23446e;
  --c0: #6fb0ff; --c1: #ff9a62; --c2: #5fd28a; --c3: #d79bf0; --c4: #e3c04f; --c5: #5ccbe0; --c6: #ff8ab8; --c7: #b7bcc5;
  --w0: #7a5fc7; --w1: #9d55c6; --w2: #ba4fa8; --w3: #d65c85; --w4: #ee7d66; --w5: #fa9f4d; --w6: #fcc742; --w7: #f6f07a;
  --q0: #3fae6a; --q1: #2b5c3f; --q2: #7d5526; --q3: #e5733a; } }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 20px; }
figure { margin: 0; }
figcaption, caption { font-weight: 600; text-align: left; margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 6px; padding: 0; font-size: .85rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { width: 28px; flex: none; }
.grid { stroke: var(--line); }
.marked { stroke: var(--soft); stroke-dasharray: 2 4; stroke-width: 1.5; }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-dasharray: var(--dash, none); }
circle { fill: var(--c); }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); --dash: 7 3; } .s2 { --c: var(--c2); --dash: 3 3; } .s3 { --c: var(--c3); --dash: 9 3 2 3; }
.s4 { --c: var(--c4); --dash: 12 4; } .s5 { --c: var(--c5); --dash: 5 5; } .s6 { --c: var(--c6); --dash: 2 2; } .s7 { --c: var(--c7); --dash: 10 2 2 2 2 2; }
.close th, .close td { padding: 4px 8px; }
.bar { background: linear-gradient(var(--bar), var(--bar)) no-repeat left / var(--share) 100%; min-width: 110px; }
.matrices { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 24px; }
.confusion th, .confusion td { padding: 0 4px; height: 34px; }
.confusion th[scope=row] { text-align: right; padding-right: 8px; font-weight: 500; white-space: nowrap; }
.confusion th[scope=col] { font-weight: 500; vertical-align: bottom; padding-bottom: 4px; }
.confusion th[scope=col] span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.confusion thead td, .confusion thead th { height: auto; }
.heat { min-width: 46px; text-align: center; border: 1px solid var(--card); background: color-mix(in srgb, var(--heat-full) var(--heat), var(--card)); }
.heat.right { outline: 1px solid var(--soft); outline-offset: -2px; font-weight: 600; }
.plot { display: grid; grid-template-columns: minmax(0, 660px) minmax(220px, 1fr); gap: 24px; align-items: center; }
@media (max-width: 800px) { .plot { grid-template-columns: minmax(0, 1fr); } }
.frame { fill: none; stroke: var(--soft); }
.diagonal { stroke: var(--text); stroke-width: 1.5; }
.ridge { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 6 4; }
.margin { stroke: var(--soft); stroke-dasharray: 2 4; }
svg text.name, svg text.share { paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round; }
svg text.name { fill: var(--text); font-size: 13px; font-weight: 600; }
.dots circle { opacity: .8; }
.w0 { --c: var(--w0); } .w1 { --c: var(--w1); } .w2 { --c: var(--w2); } .w3 { --c: var(--w3); } .w4 { --c: var(--w4); } .w5 { --c: var(--w5); } .w6 { --c: var(--w6); } .w7 { --c: var(--w7); }
.ramp { display: flex; align-items: center; gap: 8px; font-size: .85rem; color: var(--soft); margin-bottom: 16px; }
.ramp i { flex: 1; max-width: 200px; height: 12px; border-radius: 3px; background: linear-gradient(to right, var(--w0), var(--w1), var(--w2), var(--w3), var(--w4), var(--w5), var(--w6), var(--w7)); }
.plot p { font-size: .85rem; }
.key { list-style: none; padding: 0; margin: 0 0 12px; font-size: .9rem; }
.key li { margin-bottom: 8px; padding-left: 20px; position: relative; }
.key li::before { content: ""; position: absolute; left: 0; top: .35em; width: 12px; height: 12px; border-radius: 3px; background: var(--q); }
.clear-agreed { --q: var(--q0); } .ambiguous-agreed { --q: var(--q1); } .ambiguous-disagreed { --q: var(--q2); } .confident-disagreed { --q: var(--q3); }
.stack { display: flex; width: 120px; height: 14px; border-radius: 3px; overflow: hidden; background: var(--line); }
.stack i { background: var(--q); }
.thumbs { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; margin-top: 8px; }
.thumbs figure { border: 1px solid var(--line); border-radius: 8px; padding: 8px; font-size: .8rem; line-height: 1.35; }
.thumbs img, .thumbs .none { display: block; width: 96px; height: 96px; object-fit: contain; margin: 0 auto 6px; border-radius: 4px; }
.thumbs .none { display: grid; place-items: center; border: 1px dashed var(--line); }
.thumbs figcaption { font-weight: 400; margin: 0; overflow-wrap: anywhere; }
.thumbs b { display: block; }
.id { color: var(--soft); display: block; }
`;

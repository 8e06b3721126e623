/**
 * How well labels made wrong on purpose are found: the area under the ROC curve of rankings, by training runs whose configuration has `noise`.
 *
 *   npm run bench:audit -- RUN...
 *
 * The true labels are those of the data set, which has to be where the runs' config.json says. Nothing is trained, and no engine is needed.
 */

import { basename, dirname, join } from 'node:path';
import { auditLabels, normalisedMargin } from '../src/train/audit/audit-labels.js';
import { evidenceOfRun, readRowHistory } from '../src/train/audit/label-evidence.js';
import type { LabelEvidence, RowHistory } from '../src/train/audit/label-evidence.js';
import { readConfigFile, resolveConfig } from '../src/train/config/read-config.js';
import type { TrainConfig } from '../src/train/config/train-config.js';
import { areaUnderRoc } from '../src/train/metrics/classification-metrics.js';
import { faceId, facesOf } from '../src/train/data/faces/face-dataset.js';
import { openData } from '../src/train/data/training/open-data.js';
import { markdownTable } from './table.js';

/** A row in an epoch: p_GT, p_NN, predicted class, the label given. */
type Look = readonly [truth: number, nearest: number, predicted: number, given: number];

/** Higher is more suspicious; of the looks at one row, in the order of the epochs. */
type Ranking = (looks: readonly Look[], evidence: LabelEvidence) => number;

const mean =
  (value: (look: Look) => number): Ranking =>
  (looks) =>
    looks.reduce((sum, look) => sum + value(look), 0) / looks.length;
const early =
  (ranking: Ranking): Ranking =>
  (looks, evidence) =>
    ranking(looks.slice(0, Math.ceil(looks.length / 2)), evidence);
const last =
  (ranking: Ranking): Ranking =>
  (looks, evidence) =>
    ranking(looks.slice(-1), evidence);
const loss = mean(([truth]) => -Math.log(Math.max(truth, 1e-12)));
const margin = mean(([truth, nearest]) => nearest - truth);
const right = ([, , predicted, given]: Look): boolean => predicted === given;

const RANKINGS: Readonly<Record<string, Ranking>> = {
  'score of fer audit: mean log odds': (_looks, { logOdds }) => logOdds,
  'loss, last epoch (the order of self-confidence)': last(loss),
  'loss, mean over epochs': loss,
  'confident learning: normalised margin, last epoch': last(margin),
  'confident learning: normalised margin, mean posteriors': (_looks, { posteriors, given }) =>
    -normalisedMargin([posteriors], [given])[0]!,
  'margin p_GT - p_NN, mean over epochs': margin,
  'the same, first half of the epochs': early(margin),
  'the same, least of all epochs': (looks, evidence) => Math.max(...looks.map((look) => margin([look], evidence))),
  'log p_NN / p_GT, mean over epochs': mean(([truth, nearest]) => Math.log((nearest + 1e-4) / (truth + 1e-4))),
  'angle in the plane of NAW, mean over epochs': mean(([truth, nearest]) => Math.atan2(nearest, truth)),
  'epochs in which another class was predicted': (_looks, { disagreed }) => disagreed,
  'forgetting: times that the label was predicted, and then not': (looks) =>
    looks.filter((look, i) => i > 0 && right(looks[i - 1]!) && !right(look)).length,
};

/** The labels of the data set itself, by row. */
async function trueLabels(config: TrainConfig): Promise<ReadonlyMap<string, number>> {
  const open = await openData({ ...config, deduplicate: false });
  const { dataset } = open;
  const rows = dataset.samples.flatMap(facesOf);
  await open.close();
  return new Map(
    rows.flatMap((face) => (face.label === null ? [] : [[faceId(face), dataset.labels.indexOf(face.label)] as const])),
  );
}

function looksOf({ rows, given, epochs, values }: RowHistory, row: number): Look[] {
  return Array.from({ length: epochs }, (_, epoch): Look => {
    const at = 3 * (epoch * rows.length + row);
    return [values[at]!, values[at + 1]!, values[at + 2]!, given[row]!];
  }).filter(([truth]) => !Number.isNaN(truth));
}

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : (100 * (part / whole)).toFixed(1));

const runs = process.argv.slice(2);
if (runs.length === 0)
  throw new Error(
    'name one or more folders of runs that were trained with wrong labels: npm run bench:audit -- RUN...',
  );
const labelsOf = new Map<string, Promise<ReadonlyMap<string, number>>>();
const areas: string[][] = Object.keys(RANKINGS).map((name) => [name]);
const found: string[][] = [];
const names: string[] = [];
for (const run of runs) {
  const config = resolveConfig(null, await readConfigFile(join(run, 'config.json')));
  if (config.noise === null) throw new Error(`${run} was trained without wrong labels: there is nothing to find`);
  const key = JSON.stringify([config.data, config.fold, config.labels]);
  labelsOf.set(key, labelsOf.get(key) ?? trueLabels(config));
  const truth = (await labelsOf.get(key))!;
  const history = await readRowHistory(run);
  const evidence = evidenceOfRun(history);
  const place = new Map(history.rows.map((id, row) => [id, row]));
  const isWrong = evidence.map(({ id, given }) => truth.get(id) !== given);
  const looks = evidence.map(({ id }) => looksOf(history, place.get(id)!));
  names.push(`${config.method.name}, ${100 * config.noise.rate} %`);
  Object.values(RANKINGS).forEach((ranking, k) =>
    areas[k]!.push(
      (
        areaUnderRoc(
          evidence.map((one, i) => ranking(looks[i]!, one)),
          isWrong,
        ) ?? NaN
      ).toFixed(4),
    ),
  );

  const { rows, expectedWrong } = auditLabels(evidence, history.labels);
  const wrong = new Set(evidence.filter((_, i) => isWrong[i]).map(({ id }) => id));
  const suspects = rows.filter(({ isSuspect }) => isSuspect);
  const hits = suspects.filter(({ id }) => wrong.has(id));
  const mended = rows.filter(({ id, suggested }) => wrong.has(id) && truth.get(id) === suggested);
  found.push([
    ...[
      join(basename(dirname(dirname(run))), basename(dirname(run))),
      percent(wrong.size, rows.length),
      percent(expectedWrong, rows.length),
    ],
    ...[percent(hits.length, suspects.length), percent(hits.length, wrong.size), percent(mended.length, wrong.size)],
  ]);
}
console.log(`${markdownTable(['area under the ROC curve', ...names], areas)}\n`);
console.log(
  markdownTable(
    [
      'run',
      'wrong %',
      'estimated wrong %',
      'of those marked, wrong %',
      'of the wrong, marked %',
      'of the wrong, true label suggested %',
    ],
    found,
  ),
);

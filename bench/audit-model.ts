/**
 * How well labels made wrong on purpose are found in one look of a model at data it was not trained on.
 *
 *   npm run bench:audit-model -- MODEL FORMAT:DIR SPLIT
 *
 * Prints the area under the ROC curve at three rates of symmetric noise, and what would be marked; the labels of the data set count as true.
 */
import { auditLook } from '../src/train/audit/audit-with-model.js';
import { evidenceOfLook } from '../src/train/audit/label-evidence.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { openModel } from '../src/model/heads/open-model.js';
import { canonicalLabel } from '../src/train/data/label-maps.js';
import type { Split } from '../src/train/data/sample.js';
import { evaluate } from '../src/train/evaluate/evaluate.js';
import { openSplit, withFaces } from '../src/train/data/faces/open-faces.js';
import { areaUnderRoc } from '../src/train/metrics/classification-metrics.js';
import { symmetricNoise } from '../src/train/data/label-noise.js';
import { SeededRandom } from '../src/train/util/seeded-random.js';
import { markdownTable } from './table.js';

const [name, data, split] = process.argv.slice(2);
if (name === undefined || data === undefined || split === undefined)
  throw new Error('name a model, a data set and a split: npm run bench:audit-model -- MODEL FORMAT:DIR SPLIT');
await openBackend();
const model = await openModel(name);
const part = { data, split: split as Split };
const dataset = await openSplit(part);
const labels = model.labels.labels;
const looks: { readonly truth: number; readonly posteriors: Float64Array }[] = [];
await withFaces(dataset, part, { model, faces: 'as-is' }, (crops) =>
  evaluate(model, crops, {
    flip: true,
    onPrediction: ({ truth, posteriors }) => {
      const place = labels.findIndex((label) => canonicalLabel(label) === canonicalLabel(truth));
      if (place >= 0) looks.push({ truth: place, posteriors: Float64Array.from(posteriors) });
    },
  }),
);
model.dispose();

const percent = (share: number): string => (100 * share).toFixed(1);
const rows = [0.1, 0.2, 0.3].map((rate) => {
  const { labels: given, flipped } = symmetricNoise(
    looks.map(({ truth }) => truth),
    labels.length,
    rate,
    new SeededRandom(1),
  );
  const wrong = new Set(flipped.map(String));
  const evidence = looks.map(({ posteriors }, i) => evidenceOfLook(String(i), given[i]!, posteriors));
  const isWrong = evidence.map(({ id }) => wrong.has(id));
  const { rows: audited, expectedWrong } = auditLook(evidence, labels);
  const suspects = audited.filter(({ isSuspect }) => isSuspect);
  const hits = suspects.filter(({ id }) => wrong.has(id)).length;
  return [
    ...[
      percent(rate),
      (
        areaUnderRoc(
          evidence.map(({ logOdds }) => logOdds),
          isWrong,
        ) ?? NaN
      ).toFixed(4),
    ],
    (
      areaUnderRoc(
        evidence.map(({ posteriors, nearest, given: own }) => nearest - posteriors[own]!),
        isWrong,
      ) ?? NaN
    ).toFixed(4),
    ...[percent(expectedWrong / looks.length), percent(hits / suspects.length), percent(hits / wrong.size)],
  ];
});
console.log(`${looks.length} labels, ${model.name}`);
console.log(
  markdownTable(
    [
      'wrong %',
      'AUC of the score',
      'AUC of the normalised margin',
      'estimated wrong %',
      'of those marked, wrong %',
      'of the wrong, marked %',
    ],
    rows,
  ),
);

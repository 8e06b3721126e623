import { parseArgs } from 'node:util';
import { loadFaceNets } from '../src/ingest/face/face-nets.js';
import { openImages } from '../src/ingest/sources/image-source.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { openModel } from '../src/model/heads/open-model.js';
import { EXPRESSIONS_8 } from '../src/model/label-set.js';
import { DEFAULT_MODEL } from '../src/model/expression-model.js';
import type { FaceNets } from '../src/ingest/face/face-nets.js';
import type { Frame } from '../src/ingest/frame.js';
import type { CropGeometry, FaceCrop } from '../src/model/crop-geometry.js';
import type { BackendName } from '../src/model/engines/backend.js';
import type { LabelSet } from '../src/model/label-set.js';
import type { Point } from '../src/ingest/face/align/geometry.js';
import { faceCrop, wholeCrop, findLargest } from '../src/train/data/preprocess/crop-image.js';
import { mirroredCrop } from '../src/train/evaluate/evaluate.js';
import { openDataset, RunningMetrics } from '../src/train/index.js';
import { mean } from '../src/train/util/arrays.js';
import type { Evaluation, Sample, Split } from '../src/train/index.js';
import { HumanEmotionNet } from './human-emotion-net.js';
import { markdownTable } from './table.js';

/**
 * How often a model is right, on the same pictures: ours, face-api's FaceExpressionNet and human's emotion network, with and without the mirrored
 * picture, with whole pictures and, with --faces, cut out again around the face that we find.
 *
 *   npm run bench:accuracy -- --data ferplus:/data/ferplus --split valid [--model face-api --model runs/mine/best] [--faces] [--limit N] [--backend NAME]
 */

/** Pictures in memory at a time. */
const BATCH = 64;

/** Who answers: one posterior vector for each crop. */
interface Contender {
  readonly name: string;
  readonly labels: LabelSet;
  readonly crop: CropGeometry;
  answer(crops: readonly FaceCrop[]): Promise<Float32Array[]>;
  dispose(): void;
}

/** Posteriors for all pictures, taken in one way. [N][C] */
interface Answers {
  readonly plain: Float32Array[];
  readonly mirrored: Float32Array[];
}

/** What others published, on the official test images (PrivateTest), which are not these. */
const CITED = [
  ['public CNN, 0.17 M parameters (vicksam/fer-model), cited', '87.7', '69.1'],
  ['EAC: ResNet-18 at 224 pixels, from face-recognition weights, cited', '89.6', ''],
] as const;

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    split: { type: 'string', default: 'valid' },
    model: { type: 'string', multiple: true, default: [...new Set([DEFAULT_MODEL, 'face-api'])] },
    faces: { type: 'boolean', default: false },
    limit: { type: 'string' },
    backend: { type: 'string' },
  },
});
if (flags.data === undefined) {
  console.error('name the data: --data ferplus:DIR');
  process.exit(1);
}
const { description } = await openBackend({ backend: flags.backend as BackendName | undefined });
const dataset = await openDataset(flags.data, { split: flags.split as Split });
const samples = dataset.samples
  .filter(({ kind }) => kind === 'image')
  .slice(0, flags.limit === undefined ? undefined : Number(flags.limit));
const nets = flags.faces ? await loadFaceNets() : null;
const contenders: readonly Contender[] = [
  ...(await Promise.all(flags.model.map(trained))),
  Object.assign(await HumanEmotionNet.load(), { name: 'human, emotion network' }),
];

const ways = ['as they are', ...(nets === null ? [] : ['found and aligned'])];
const answers = new Map<string, Answers>(
  contenders.flatMap(({ name }) => ways.map((way) => [`${name} ${way}`, { plain: [], mirrored: [] }] as const)),
);
const truths: string[] = [];
let withoutFace = 0;
for (let from = 0; from < samples.length; from += BATCH) {
  const pictures = await decode(samples.slice(from, from + BATCH), nets);
  truths.push(...pictures.map(({ truth }) => truth));
  if (nets !== null) withoutFace += pictures.filter(({ landmarks }) => landmarks === null).length;
  for (const contender of contenders) {
    for (const way of ways) {
      const crops = await Promise.all(
        pictures.map(async ({ picture, landmarks }) => {
          const bytes =
            way === ways[0] || landmarks === null
              ? await wholeCrop(picture, contender.crop)
              : faceCrop(picture, landmarks, contender.crop);
          return { geometry: contender.crop, data: Float32Array.from(bytes) };
        }),
      );
      const into = answers.get(`${contender.name} ${way}`)!;
      into.plain.push(...(await contender.answer(crops)));
      into.mirrored.push(...(await contender.answer(crops.map(mirroredCrop))));
    }
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${truths.length} of ${samples.length}`);
}
const rows = contenders.flatMap(({ name, labels }) =>
  ways.flatMap((way) => rowsOf(name, labels, way, answers.get(`${name} ${way}`)!)),
);
const header = [
  'model',
  'pictures',
  'mirrored too',
  'images',
  'WAR',
  'UAR',
  'macro F1',
  'ECE',
  ...EXPRESSIONS_8.labels,
];
console.log(
  `${dataset.name}, ${flags.split}: ${truths.length} images${nets === null ? '' : `, no face found in ${withoutFace} (taken as they are)`}; ${description}\n`,
);
console.log(
  markdownTable(header, [
    ...rows,
    ...CITED.map(([name, war, uar]) => [
      name,
      'as they are',
      'no',
      'official test',
      war,
      uar,
      ...Array<string>(header.length - 6).fill(''),
    ]),
  ]),
);
for (const contender of contenders) contender.dispose();
nets?.dispose();

async function trained(nameOrFolder: string): Promise<Contender> {
  const model = await openModel(nameOrFolder);
  const { labels, crop, context } = model;
  // A temporal model sees a picture as a clip of one frame.
  const answer = async (crops: readonly FaceCrop[]): Promise<Float32Array[]> => {
    const features = await model.encode(crops);
    if (context.hop === 1)
      return model.classify({ features, timestamps: features.map((_, i) => i), from: 0, to: features.length });
    const each = [];
    for (const feature of features)
      each.push(...(await model.classify({ features: [feature], timestamps: [0], from: 0, to: 1 })));
    return each;
  };
  return {
    name: nameOrFolder,
    labels,
    crop,
    answer,
    dispose: () => {
      model.dispose();
    },
  };
}

interface Picture {
  readonly picture: Frame;
  readonly truth: string;
  readonly landmarks: readonly Point[] | null;
}

async function decode(some: readonly Sample[], faceNets: FaceNets | null): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const { path, label } of some) {
    if (label === null) continue;
    for await (const picture of (await openImages(path)).frames()) {
      pictures.push({
        picture,
        truth: label,
        landmarks: faceNets === null ? null : ((await findLargest(picture, faceNets))?.landmarks ?? null),
      });
    }
  }
  return pictures;
}

/** With and without mirrored pictures; of a model that lacks classes once with those counted as wrong, once with them left out. */
function rowsOf(name: string, labels: LabelSet, way: string, { plain, mirrored: other }: Answers): string[][] {
  const both = plain.map((row, i) => mean(row, other[i]!));
  return [plain, both].flatMap((posteriors, flipped) => {
    const evaluations = [false, true].map((ignoreMissing) => tally(labels, posteriors, ignoreMissing));
    const kept = evaluations[0]!.missingLabels.length === 0 ? evaluations.slice(0, 1) : evaluations;
    return kept.map((evaluation) => row(name, way, flipped === 1, evaluation));
  });
}

function tally(labels: LabelSet, posteriors: readonly Float32Array[], ignoreMissing: boolean): Evaluation {
  const sums = new RunningMetrics(labels, ignoreMissing);
  sums.add(truths, posteriors);
  return sums.result();
}

function row(
  name: string,
  way: string,
  flipped: boolean,
  {
    count,
    accuracy,
    meanClassAccuracy,
    macroF1,
    expectedCalibrationError,
    recall,
    missingLabels,
    ignoredMissing,
  }: Evaluation,
): string[] {
  const percent = (share: number | null | undefined): string =>
    share === null || share === undefined ? '' : (100 * share).toFixed(1);
  const images = ignoredMissing > 0 ? `${count}, without ${missingLabels.join(', ')}` : String(count);
  return [
    name,
    way,
    flipped ? 'yes' : 'no',
    images,
    ...[accuracy, meanClassAccuracy, macroF1, expectedCalibrationError].map(percent),
    ...EXPRESSIONS_8.labels.map((label) => percent(recall[label])),
  ];
}

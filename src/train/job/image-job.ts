import { FerError } from '../../errors/fer-error.js';
import { saveCheckpoint } from '../../model/checkpoint/checkpoint.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import type { LabelSet } from '../../model/label-set.js';
import { randomAffine } from '../augment/affine.js';
import { footage } from '../augment/footage/footage.js';
import { inSequence, pixelNoise, randomFlip, randomPadCrop } from '../augment/pixel.js';
import type { Augmentation } from '../augment/pixel.js';
import { colourOperation, randAugment } from '../augment/rand-augment.js';
import { randomErasing } from '../augment/random-erasing.js';
import { countsOf, drawnShares } from '../config/sampler.js';
import type { TrainConfig } from '../config/train-config.js';
import type { CropSource } from '../data/crops/crop-source.js';
import { excludedRows } from '../data/exclusions.js';
import { faceId, faceName, facesOf } from '../data/faces/face-dataset.js';
import type { FaceSample, IndexedFaces } from '../data/faces/face-dataset.js';
import { indexFaces } from '../data/faces/open-faces.js';
import { applyLabelNoise } from '../data/label-noise.js';
import type { Sample, Split } from '../data/sample.js';
import { ImageEvaluationSet, ImageTrainingSet } from '../data/training/image-training-set.js';
import type { TrainingFace } from '../data/training/image-training-set.js';
import { divide } from '../data/training/open-data.js';
import type { OpenData } from '../data/training/open-data.js';
import type { SlightOptions } from '../data/training/slight-expressions.js';
import type { EvaluationSet, OnRead } from '../data/training/training-set.js';
import { buildFrameNetwork, geometryOf } from './build-network.js';
import type { FrameNetworkConfig } from './build-network.js';
import { askTeachers, withTeachers } from './distil.js';
import { checkpointInfo, priorsOf } from './training-job.js';
import type { TrainingJob } from './training-job.js';

/**
 * A frame network and its images (of clips: their frames, each for itself): divided, and, where an experiment asks for it, cut down and given
 * wrong labels; then what an audit marks is left out. Validation images keep their labels, and all of this depends on seeds alone.
 * @throws FerError INPUT_NOT_FOUND when nothing is left to train on
 */
export async function imageJob(
  { dataset, prepared }: OpenData,
  config: TrainConfig,
  network: FrameNetworkConfig,
  onRead?: OnRead,
): Promise<TrainingJob> {
  const { labels } = dataset;
  const geometry = await geometryOf(network);
  const parts = divide(dataset, config);
  const all = labelledFaces(parts.training, labels);
  const found = config.noFace === 'whole' ? all : all.filter(({ face }) => !face.wholePicture);
  const usable = config.flawedCrops ? found : found.filter(({ face }) => face.flaw === undefined);
  const drawn = applyLabelNoise(usable, labels.size, config);
  const excluded = await excludedRows(
    config,
    drawn.map(({ id }) => id),
    () => dataset.samples.flatMap((sample) => facesOf(sample).map(faceId)),
  );
  const chosen = drawn.filter(({ id }) => !excluded.ids.has(id));
  const held = labelledFaces(parts.validation, labels);
  const indexed = await indexFaces(
    [...chosen, ...held].map(({ face }) => face),
    geometry,
    prepared,
    onRead,
  );
  const training = await withDistillation(
    withCrops(chosen, indexed, 0),
    config,
    { labels, crop: geometry },
    indexed.crops,
    onRead,
  );
  const validation = withCrops(held, indexed, chosen.length);
  const broken = indexed.notes.unreadable.length;
  if (training.length === 0) {
    const faceless = all.length - found.length;
    throw new FerError(
      'INPUT_NOT_FOUND',
      faceless > 0
        ? `${config.data}: no training images are left (${faceless} without a detected face); use them whole with noFace=whole`
        : `${config.data}: no training images are left; look at it with "fer dataset check ${config.data}"`,
    );
  }

  const model = await buildFrameNetwork(network, labels, geometry, config.seed);
  return {
    model,
    training: new ImageTrainingSet(indexed.crops, training, {
      ...augmentations(config.augment),
      softLabels: config.softLabels || config.distil !== null,
      slight: slightOptions(config, labels),
      classCount: labels.size,
    }),
    validation: validation.length === 0 ? null : new ImageEvaluationSet(indexed.crops, validation, network.flipTta),
    labels,
    report: {
      training: training.length,
      validation: validation.length,
      leftOut: {
        ...dataset.leftOut,
        ...parts.leftOut,
        ...(found.length < all.length && { 'no face detected, as "noFace" is "skip"': all.length - found.length }),
        ...(usable.length < found.length && {
          'blurred or cut off, as "flawedCrops" is off': found.length - usable.length,
        }),
        ...excluded.leftOut,
        ...(broken > 0 ? { 'cannot be decoded': broken } : {}),
      },
      notes: excluded.notes,
    },
    save: (folder, figures) =>
      saveCheckpoint(model, folder, {
        ...checkpointInfo('frame', model, labels, geometry, config),
        priors: priorsOf(
          training.map(({ label }) => label),
          labels.size,
          config,
        ),
        ...(network.flipTta && { flipTta: true }),
        ...figures,
      }),
    assertResumable: () => Promise.resolve(),
    dispose: () => {
      model.dispose();
    },
  };
}

/** With a share of what teachers say in every label. */
async function withDistillation(
  faces: TrainingFace[],
  { distil, sampler }: TrainConfig,
  shape: { readonly labels: LabelSet; readonly crop: CropGeometry },
  crops: CropSource,
  onRead?: OnRead,
): Promise<TrainingFace[]> {
  if (distil === null) return faces;
  const places = faces.map(({ crop }) => crop);
  const counts = countsOf(
    faces.map(({ label }) => label),
    shape.labels.size,
  );
  const drawn = drawnShares(sampler, counts);
  return withTeachers(faces, await askTeachers(distil, shape, crops, places, drawn, onRead), distil.share);
}

function slightOptions({ augment: { slight } }: TrainConfig, labels: LabelSet): SlightOptions | null {
  if (slight === null) return null;
  if (!labels.has('neutral')) {
    throw new FerError(
      'CONFIG_INVALID',
      'augment.slight: the data set has no class "neutral" to mix faces with; leave it out',
    );
  }
  return { ...slight, neutral: labels.indexOf('neutral') };
}

/** A split of the same data set, without augmentation. */
export async function imageSplit(
  { dataset, prepared }: OpenData,
  network: FrameNetworkConfig,
  split: Split,
): Promise<EvaluationSet> {
  const faces = labelledFaces(
    dataset.samples.filter((sample) => sample.split === split),
    dataset.labels,
  );
  const indexed = await indexFaces(
    faces.map(({ face }) => face),
    await geometryOf(network),
    prepared,
  );
  return new ImageEvaluationSet(indexed.crops, withCrops(faces, indexed, 0), network.flipTta);
}

/** A face to train on or to judge by, before it has a place among the crops. */
interface LabelledSample {
  readonly id: string;
  /** Class index. */
  readonly label: number;
  readonly shares: readonly number[] | null;
  readonly face: FaceSample;
}

/** Those that have a label and show a face. */
function labelledFaces(samples: readonly Sample[], labels: LabelSet): readonly LabelledSample[] {
  return samples.flatMap(facesOf).flatMap((face) => {
    const { label, shares, source } = face;
    return label === null || source === null ? [] : [{ id: faceId(face), label: labels.indexOf(label), shares, face }];
  });
}

/** Those that have a crop. @param from place of the first one among the indexed faces */
function withCrops(faces: readonly LabelledSample[], { places }: IndexedFaces, from: number): TrainingFace[] {
  return faces.flatMap(({ id, label, shares, face }, i) => {
    const crop = places[from + i] ?? null;
    return crop === null ? [] : [{ id, name: faceName(face), crop, label, shares }];
  });
}

/** The usual view of an image, and the strong one: the same moves, then RandAugment. */
export function augmentations(config: TrainConfig['augment']): {
  readonly weak: Augmentation;
  readonly strong: Augmentation;
} {
  const moves = {
    flip: randomFlip({ probability: config.flip }),
    move: randomPadCrop({ padding: config.padding }),
    ...(config.affine === null ? {} : { affine: randomAffine(config.affine) }),
  };
  const extras = {
    ...(config.footage === null ? {} : { footage: footage(config.footage) }),
    ...(config.tone === null ? {} : { tone: sometimes(config.tone.probability, colourOperation(config.tone)) }),
    ...(config.noise === null
      ? {}
      : { noise: sometimes(config.noise.probability, pixelNoise({ deviation: config.noise.deviation })) }),
    ...(config.erasing === null ? {} : { erasing: randomErasing(config.erasing) }),
  };
  return {
    weak: inSequence({ ...moves, ...extras }),
    strong: inSequence({ ...moves, randAugment: randAugment(config.strong), ...extras }),
  };
}

function sometimes(probability: number, augmentation: Augmentation): Augmentation {
  return (image, random) => (random.next() < probability ? augmentation(image, random) : image);
}

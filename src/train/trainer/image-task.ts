import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import type { CheckpointInfo } from '../../model/checkpoint/index.js';
import { LabelSet } from '../../model/label-set.js';
import { VERSION } from '../../version.js';
import type { TrainConfig } from '../config/index.js';
import { decodeImages } from '../crops/index.js';
import type { DecodedImages } from '../crops/index.js';
import { carveValidation, deduplicate, mapLabels, openDataset } from '../datasets/index.js';
import type { Dataset, Sample, Split } from '../datasets/index.js';
import { augmentations } from './augmentations.js';
import { buildFrameNetwork, geometryOf } from './build-network.js';
import type { FrameNetworkConfig } from './build-network.js';
import { distort } from './distort.js';
import { ImageEvaluationSet, ImageTrainingSet } from './image-training-set.js';
import type { LabelledCrop } from './image-training-set.js';
import type { EvaluationSet } from './training-set.js';
import type { OnRead, TrainingTask } from './training-task.js';

/**
 * The images of a data set as a run uses them: freed of copies (of held-out ones as well), with the labels wanted. Reading and comparing takes a while,
 * so runs that follow each other share one.
 */
export async function openImages(config: Pick<TrainConfig, 'data' | 'fold' | 'labels' | 'deduplicate'>): Promise<Dataset> {
  const dataset = await openDataset(config.data, config.fold === null ? {} : { fold: config.fold });
  const images = { ...dataset, samples: dataset.samples.filter(({ kind, label }) => kind === 'image' && label !== null) };
  const distinct = config.deduplicate ? await deduplicate(images) : { dataset: images, dropped: [] };
  const leftOut = { ...images.leftOut, ...(distinct.dropped.length === 0 ? {} : { 'copy of another image': distinct.dropped.length }) };
  const counted = { ...distinct.dataset, leftOut };
  return config.labels === null ? counted : mapLabels(counted, new LabelSet('chosen', config.labels));
}

/**
 * A frame network and its images: divided, and, where an experiment asks for it, cut down and given wrong labels. Validation images
 * keep their labels, and all of this depends on seeds alone.
 * @throws FerError INPUT_NOT_FOUND when nothing is left to train on
 */
export async function imageTask(dataset: Dataset, config: TrainConfig, network: FrameNetworkConfig, onRead: OnRead = () => undefined): Promise<TrainingTask> {
  const { labels } = dataset;
  const geometry = geometryOf(network);
  const { fraction, seed } = config.validation;
  const parts = fraction === 0 ? { training: ofSplit(dataset, 'train'), validation: [] } : carveValidation(dataset, fraction, seed);
  const chosen = distort(parts.training, labels, config);
  const samples = [...chosen.map(({ sample }) => sample), ...parts.validation];
  const decoded = await decodeImages(samples.map(({ path }) => path), geometry, (done) => {
    onRead(done, samples.length);
  });
  const training = labelled(chosen, decoded, 0);
  const validation = labelled(withLabels(parts.validation, labels), decoded, chosen.length);
  if (training.length === 0) throw new FerError('INPUT_NOT_FOUND', `${config.data}: no training images are left; look at it with "fer dataset check ${config.data}"`);
  const broken = samples.length - training.length - validation.length;

  const model = buildFrameNetwork(network, labels.size, config.seed);
  return {
    model,
    training: new ImageTrainingSet(decoded.crops, training, { ...augmentations(config.augment), softLabels: config.softLabels }),
    validation: validation.length === 0 ? null : new ImageEvaluationSet(decoded.crops, validation),
    info: {
      kind: 'frame',
      network: model.name,
      labelSet: { name: labels.name, labels: [...labels.labels] },
      crop: geometry,
      recipe: { config: JSON.parse(JSON.stringify(config)) as CheckpointInfo['recipe'][string] },
      versions: { ferstream: VERSION, tfjs: tf.version['tfjs-core'] },
    },
    report: { training: training.length, validation: validation.length, leftOut: { ...dataset.leftOut, ...(broken > 0 ? { 'cannot be decoded': broken } : {}) } },
    dispose: () => {
      model.dispose();
    },
  };
}

/** A split of the same data set, as it is. */
export async function imageSplit(dataset: Dataset, network: FrameNetworkConfig, split: Split): Promise<EvaluationSet> {
  const samples = ofSplit(dataset, split);
  const decoded = await decodeImages(samples.map(({ path }) => path), geometryOf(network));
  return new ImageEvaluationSet(decoded.crops, labelled(withLabels(samples, dataset.labels), decoded, 0));
}

function ofSplit({ samples }: Dataset, split: Split): readonly Sample[] {
  return samples.filter((sample) => sample.split === split);
}

function withLabels(samples: readonly Sample[], labels: LabelSet): readonly { sample: Sample; label: number }[] {
  return samples.map((sample) => ({ sample, label: labels.indexOf(sample.label!) }));
}

/** Those that could be decoded. @param from place of the first one among the decoded */
function labelled(samples: readonly { sample: Sample; label: number }[], { places }: DecodedImages, from: number): LabelledCrop[] {
  return samples.flatMap(({ sample, label }, i) => {
    const crop = places[from + i]!;
    return typeof crop === 'number' ? [{ id: sample.id, crop, label, shares: sample.softLabel }] : [];
  });
}

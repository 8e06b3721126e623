import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { makeFolder } from '../../files/write-error.js';
import { INFO_FILE, checkpointHash } from '../../model/checkpoint/checkpoint-files.js';
import { loadCheckpoint, readCheckpointInfo, saveCheckpoint } from '../../model/checkpoint/checkpoint.js';
import type { CheckpointInfo } from '../../model/checkpoint/checkpoint-info.js';
import { calibrationOf } from '../../model/heads/model-networks.js';
import { LabelSet } from '../../model/label-set.js';
import { setFrameHead, temporalEncoder } from '../../model/networks/temporal-encoder.js';
import { tf } from '../../model/tfjs.js';
import { excludedRows } from '../data/exclusions.js';
import type { CropSource } from '../data/crops/crop-source.js';
import type { NetworkConfig, TrainConfig } from '../config/train-config.js';
import type { Sample, Split } from '../data/sample.js';
import { checkpointInfo, priorsOf } from './training-job.js';
import type { TrainingJob } from './training-job.js';
import { FrameEncoder, computeFeatures, meanOfSides, preparedFeatures } from '../data/training/clip-features.js';
import type { ClipFeatures } from '../data/training/clip-features.js';
import { ClipEvaluationSet, ClipTrainingSet } from '../data/training/clip-training-set.js';
import type { LabelledClip } from '../data/training/clip-training-set.js';
import { applyLabelNoise } from '../data/label-noise.js';
import { faceId, faceName, facesOf } from '../data/faces/face-dataset.js';
import { indexFaces } from '../data/faces/open-faces.js';
import { CHOSEN, divide } from '../data/training/open-data.js';
import type { OpenData } from '../data/training/open-data.js';
import { FRAME_PART, TEMPORAL_PART, trainedPart } from '../../model/heads/model-folder.js';
import type { EvaluationSet, OnRead } from '../data/training/training-set.js';

export type TemporalNetworkConfig = Extract<NetworkConfig, { name: 'temporal' }>;

/** All clips of a data set as features of one frame encoder. */
export interface EncodedClips {
  readonly data: OpenData;
  /** Folder of the frame checkpoint. */
  readonly encoder: string;
  /** Of that checkpoint, as it was when the features were computed. */
  readonly encoderHash: string;
  readonly info: CheckpointInfo;
  readonly crops: CropSource;
  readonly features: ClipFeatures;
  readonly clipOf: ReadonlyMap<Sample, LabelledClip>;
  readonly broken: number;
}

/**
 * Runs the frame encoder over all frames of all clips, once. The classes of a manifest are taken in the order of the frame network, where it has the same ones.
 * @throws FerError INPUT_NOT_FOUND when the data set holds no clips, MODEL_INCOMPATIBLE when it is prepared for another encoder
 */
export async function encodeClips(
  opened: OpenData,
  network: TemporalNetworkConfig,
  onRead?: OnRead,
): Promise<EncodedClips> {
  const { name, samples: all, leftOut } = opened.dataset;
  if (all.every(({ kind }) => kind !== 'clip')) {
    const why = Object.entries(leftOut).map(([reason, count]) => `${count}: ${reason}`);
    throw new FerError(
      'INPUT_NOT_FOUND',
      all.length === 0 && why.length > 0
        ? `data set ${name}: no clip is left to train on (${why.join('; ')})`
        : `data set ${name} contains no clips, which temporal networks need: train a frame network on images`,
    );
  }
  const encoder = await trainedPart(network.encoder, FRAME_PART);
  const info = await readCheckpointInfo(encoder, { kind: 'frame' });
  const data = inOrderOf(info, opened);
  const samples = data.dataset.samples.filter(({ kind }) => kind === 'clip');
  const { labels } = data.dataset;
  const faces = samples.map(facesOf);
  const indexed = await indexFaces(faces.flat(), info.crop, data.prepared, onRead);
  let next = 0;
  const clipOf = new Map(
    samples.map((sample, i): [Sample, LabelledClip] => {
      const own = faces[i]!;
      const crops = own.map(() => indexed.places[next++] ?? null);
      const classes = own.map(({ label }) => (label === null ? -1 : labels.indexOf(label)));
      const flawed = own.map(({ flaw }) => flaw !== undefined);
      return [sample, { rowIds: own.map(faceId), names: own.map(faceName), crops, labels: classes, flawed }];
    }),
  );
  const encoderHash = await checkpointHash(encoder);
  const stored = data.preparedFeatures;
  const features =
    stored?.checkpoint === encoderHash
      ? preparedFeatures(stored)
      : await computedFeatures(encoder, indexed.crops, onRead);
  return {
    data,
    encoder,
    encoderHash,
    info,
    crops: indexed.crops,
    features,
    clipOf,
    broken: indexed.notes.unreadable.length,
  };
}

/** A manifest lists its classes in the order of its rows, which means nothing; the order of other data sets and of chosen labels is kept. */
function inOrderOf({ labelSet: { name, labels } }: CheckpointInfo, data: OpenData): OpenData {
  const { name: format, labels: own } = data.dataset;
  if (
    format !== 'manifest' ||
    own.name === CHOSEN ||
    own.size !== labels.length ||
    !labels.every((label) => own.has(label))
  )
    return data;
  // Its samples have labels by name, and no votes, which would go by place.
  return { ...data, dataset: { ...data.dataset, labels: new LabelSet(name, labels) } };
}

async function computedFeatures(encoder: string, crops: CropSource, onRead?: OnRead): Promise<ClipFeatures> {
  const frames = await openEncoder(encoder);
  try {
    return await computeFeatures(crops, frames, onRead);
  } finally {
    frames.dispose();
  }
}

async function openEncoder(folder: string): Promise<FrameEncoder> {
  const { model } = await loadCheckpoint(folder, { kind: 'frame' });
  return new FrameEncoder(model);
}

/** A temporal network and its clips. @throws FerError INPUT_NOT_FOUND, CONFIG_INVALID */
export async function clipJob(
  encoded: EncodedClips,
  config: TrainConfig,
  network: TemporalNetworkConfig,
): Promise<TrainingJob> {
  const { dataset } = encoded.data;
  const { labels } = dataset;
  if (config.method.name === 'dnfer')
    throw new FerError(
      'CONFIG_INVALID',
      'method.name: dnfer compares two views of an image; for clips use v-naw, nla or ce',
    );
  if (config.subset !== null || config.imbalance !== null)
    throw new FerError('CONFIG_INVALID', 'subset and imbalance apply to images only: leave them out for clips');
  const clipsOf = (samples: readonly Sample[]): LabelledClip[] =>
    samples.flatMap((sample) => encoded.clipOf.get(sample) ?? []);
  const parts = divide(dataset, config);
  const whole = clipsOf(parts.training);
  const usable = config.flawedCrops ? whole : whole.map(withoutFlawed);
  const noisy = withNoise(usable, labels.size, config);
  const labelled = noisy.flatMap(({ rowIds, labels: own }) => rowIds.filter((_, i) => own[i]! >= 0));
  const excluded = await excludedRows(config, labelled, () =>
    [...encoded.clipOf.values()].flatMap(({ rowIds }) => rowIds),
  );
  const { temporalScale, skipping, pixels } = config.augment.clips;
  const { width, layers, heads, feedForward, dropout, positionalCode, causal, relative } = network;
  const head = network.frameLogits ? await frameHead(encoded, labels) : null;
  const model = temporalEncoder({
    features: encoded.features.dimensions,
    classes: labels.size,
    width,
    layers,
    heads,
    feedForward,
    dropout,
    positionalCode,
    causal,
    relative,
    frameLogits: head !== null,
    seed: config.seed,
  });
  if (head !== null) {
    setFrameHead(model, ...head);
    tf.dispose(head);
  }
  const encoder = pixels ? await openEncoder(encoded.encoder) : null;
  const dispose = (): void => {
    model.dispose();
    encoder?.dispose();
  };
  const training = new ClipTrainingSet(withoutLabels(noisy, excluded.ids), encoded.features, {
    ...{ temporalScale, skipping },
    frames: network.frames,
    flip: config.augment.flip,
    crops: encoded.crops,
    pixels: encoder === null ? null : { crops: encoded.crops, encoder },
  });
  if (training.count === 0) {
    dispose();
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${config.data}: no training clips with a face are left; look at it with "fer dataset check ${config.data}"`,
    );
  }
  const validation = new ClipEvaluationSet(clipsOf(parts.validation), featuresInUse(encoded));
  // Without a single label they cannot judge.
  const judges = validation.labels.some((label) => label >= 0);
  const left = {
    'frames that cannot be decoded': encoded.broken,
    'frames blurred or cut off, as "flawedCrops" is off': labelledFrames(whole) - labelledFrames(usable),
    'clips without any face': training.withoutFace + validation.withoutFace,
  };

  return {
    model,
    training,
    validation: judges ? validation : null,
    labels,
    report: {
      training: training.count,
      validation: judges ? validation.count : 0,
      leftOut: {
        ...dataset.leftOut,
        ...parts.leftOut,
        ...excluded.leftOut,
        ...Object.fromEntries(Object.entries(left).filter(([, count]) => count > 0)),
      },
      notes: [
        ...excluded.notes,
        ...(network.frameLogits && head === null
          ? ['network.frameLogits is off: the frame network does not know all labels of the clips']
          : []),
      ],
    },
    save: async (folder, figures) => {
      await makeFolder(folder);
      await copyEncoder(encoded, join(folder, FRAME_PART));
      await saveCheckpoint(model, join(folder, TEMPORAL_PART), {
        ...checkpointInfo('temporal', model, labels, encoded.info.crop, config),
        clipFrames: network.frames,
        priors: clipPriors(encoded.info, training, labels, config),
        ...figures,
      });
    },
    assertResumable: async (folder) => {
      const there = await heldCheckpoint(join(folder, FRAME_PART));
      if (there === null || there === encoded.encoderHash) return;
      throw new FerError(
        'CONFIG_INVALID',
        `${folder} was trained on features of another frame network than ${encoded.encoder}: resume it with that one (${join(folder, FRAME_PART)}), or choose another --output`,
      );
    },
    dispose,
  };
}

/**
 * The frame network's last layer for these labels, so that its logits are calibrated and for classes that are all alike; the caller disposes it.
 * @returns [D, C] and [C]; null where that network lacks a label
 */
async function frameHead(
  { encoder, info }: EncodedClips,
  { labels }: LabelSet,
): Promise<[tf.Tensor2D, tf.Tensor1D] | null> {
  const places = labels.map((label) => info.labelSet.labels.indexOf(label));
  if (places.includes(-1)) return null;
  const { temperature, madeFor } = calibrationOf(info);
  const { model } = await loadCheckpoint(encoder, { kind: 'frame' });
  try {
    const [kernel, bias] = model.getLayer('logits').getWeights() as [tf.Tensor2D, tf.Tensor1D];
    const [rows, offsets] = await Promise.all([kernel.array(), bias.array()]);
    return [
      tf.tensor2d(rows.map((row) => places.map((place) => row[place]! / temperature))),
      tf.tensor1d(places.map((place) => offsets[place]! / temperature - Math.log(madeFor?.[place] ?? 1))),
    ];
  } finally {
    model.dispose();
  }
}

/**
 * Clips may be made for other class frequencies than the frame network's training set, which are then those to put back; with other classes than that
 * network's, those of the clips count.
 */
function clipPriors(
  { labelSet, priors }: CheckpointInfo,
  training: ClipTrainingSet,
  { labels, size }: LabelSet,
  config: TrainConfig,
): NonNullable<CheckpointInfo['priors']> {
  const own = priorsOf([...training.rowLabels], size, config, training.drawn(config.sampler, size));
  const places = labels.map((label) => labelSet.labels.indexOf(label));
  if (priors === undefined || labelSet.labels.length !== size || places.includes(-1)) return own;
  return { posteriors: own.posteriors, training: places.map((place) => priors.training[place]!) };
}

/** Frames that show no whole face give context, and nothing to learn. */
function withoutFlawed(clip: LabelledClip): LabelledClip {
  return { ...clip, labels: clip.labels.map((label, i) => (clip.flawed?.[i] === true ? -1 : label)) };
}

function labelledFrames(clips: readonly LabelledClip[]): number {
  return clips.reduce((sum, { labels }) => sum + labels.filter((label) => label >= 0).length, 0);
}

/** A split of the same data set, without augmentation. */
export function clipSplit(encoded: EncodedClips, split: Split): EvaluationSet {
  const { data, clipOf } = encoded;
  return new ClipEvaluationSet(
    data.dataset.samples.filter((sample) => sample.split === split).flatMap((sample) => clipOf.get(sample) ?? []),
    featuresInUse(encoded),
  );
}

/** The features at inference. Training uses both mirror views; inference averages them with `flipTta`. */
function featuresInUse({ features, info }: EncodedClips): ClipFeatures {
  return info.flipTta === true ? meanOfSides(features) : features;
}

/** Wrong labels of single frames. */
function withNoise(clips: readonly LabelledClip[], classCount: number, config: TrainConfig): readonly LabelledClip[] {
  if (config.noise === null) return clips;
  const frames = applyLabelNoise(
    clips.flatMap(({ labels }) => labels.map((label) => ({ label }))),
    classCount,
    config,
  );
  let next = 0;
  return clips.map((clip) => ({ ...clip, labels: clip.labels.map(() => frames[next++]!.label) }));
}

/** Takes the labels of those frames away: they stay as what their neighbours are seen with. Clips without any label left are left out. */
function withoutLabels(clips: readonly LabelledClip[], ids: ReadonlySet<string>): readonly LabelledClip[] {
  if (ids.size === 0) return clips;
  return clips
    .map((clip) => ({ ...clip, labels: clip.labels.map((label, i) => (ids.has(clip.rowIds[i]!) ? -1 : label)) }))
    .filter((clip) => clip.labels.some((label) => label >= 0));
}

/** Copies the checkpoint unless it exists. The description is written last: without it a copy counts as incomplete. */
async function copyEncoder({ encoder: from, encoderHash }: EncodedClips, to: string): Promise<void> {
  if ((await heldCheckpoint(to)) === encoderHash) return;
  if ((await heldCheckpoint(from)) !== encoderHash) {
    throw new FerError(
      'CONFIG_INVALID',
      `${from} changed or disappeared while a network was trained on its features: start a new run`,
    );
  }
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith(INFO_FILE) });
  await cp(join(from, INFO_FILE), join(to, INFO_FILE));
}

/** Hash of the checkpoint in a folder; null where none is, or not all of one. */
async function heldCheckpoint(folder: string): Promise<string | null> {
  return checkpointHash(folder).catch((error: unknown) => {
    if (error instanceof FerError) return null;
    throw error;
  });
}

import type { tf } from '../../src/model/tfjs.js';
import { DEFAULT_CROP } from '../../src/model/crop-geometry.js';
import { frameClassifier } from '../../src/model/networks/classifier.js';
import { compactResidualNet } from '../../src/model/networks/residual-net.js';
import { resolveConfig } from '../../src/train/config/read-config.js';
import { MemoryCrops } from '../../src/train/data/crops/image-crops.js';
import { nlaMethod } from '../../src/train/losses/nla.js';
import type { Method } from '../../src/train/losses/method.js';
import { augmentations } from '../../src/train/job/image-job.js';
import { fit } from '../../src/train/trainer/fit.js';
import type { FinishedEpoch, FitInput, FitSettings } from '../../src/train/trainer/fit.js';
import { ImageEvaluationSet, ImageTrainingSet } from '../../src/train/data/training/image-training-set.js';
import type { TrainingFace } from '../../src/train/data/training/image-training-set.js';
import { LocalRunner } from '../../src/train/trainer/gradients.js';
import type { TrainingState } from '../../src/train/records/training-state.js';
import { PATTERNS, stripedPictures } from './striped-pictures.js';

export const TINY_SETTINGS: FitSettings = {
  epochs: 2,
  batchSize: 16,
  microBatches: 1,
  lr: 0.01,
  headLrFactor: 1,
  freeze: [],
  warmUpEpochs: 0,
  schedule: { name: 'constant' },
  adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-4, decoupled: true },
  gradClip: null,
  emaDecay: null,
  sampler: 'shuffle',
  mixup: null,
  patience: null,
  selectBy: 'accuracy',
  seed: 1,
};

const SIZE = 16;
const GEOMETRY = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;

export function tinyNetwork(dropout = 0): tf.LayersModel {
  return frameClassifier(compactResidualNet({ size: SIZE, width: 4, seed: 1 }), {
    classes: PATTERNS.length,
    dropout,
    seed: 1,
  });
}

/** Striped pictures to train on, augmented as is usual. @param classes by picture, where not the patterns in turn */
export function tinyTrainingSet(
  count: number,
  classes = Array.from({ length: count }, (_, i) => i % PATTERNS.length),
): ImageTrainingSet {
  const { augment } = resolveConfig('ce', { data: 'none:', augment: { padding: 1, strong: { operations: 1 } } });
  return new ImageTrainingSet(new MemoryCrops(GEOMETRY, stripedPictures(count, SIZE)), labelled(classes), {
    ...augmentations(augment),
    softLabels: false,
    classCount: PATTERNS.length,
  });
}

export function tinyEvaluationSet(count: number): ImageEvaluationSet {
  return new ImageEvaluationSet(
    new MemoryCrops(GEOMETRY, stripedPictures(count, SIZE, 2)),
    labelled(Array.from({ length: count }, (_, i) => i % PATTERNS.length)),
  );
}

function labelled(classes: readonly number[]): TrainingFace[] {
  return classes.map((label, crop) => ({ id: `picture ${crop}`, crop, label, shares: null }));
}

export interface TinyRun {
  readonly state: TrainingState;
  readonly epochs: readonly FinishedEpoch[];
}

export interface TinyRunOptions extends Partial<
  Pick<FitInput, 'training' | 'validation' | 'state' | 'signal' | 'onStep'>
> {
  readonly settings?: Partial<FitSettings>;
  readonly method?: Method;
  readonly dropout?: number;
  /** Told of every epoch while the model holds the weights that are kept. */
  readonly onEpoch?: (done: FinishedEpoch, model: tf.LayersModel) => void | Promise<void>;
}

/** Trains the tiny network on 48 striped pictures, judged by 12 others, with NLA by default. */
export async function fitTiny({
  settings = {},
  method = nlaMethod(),
  dropout = 0,
  onEpoch,
  ...rest
}: TinyRunOptions = {}): Promise<TinyRun> {
  const model = tinyNetwork(dropout);
  const runner = new LocalRunner(model, method);
  const epochs: FinishedEpoch[] = [];
  try {
    const state = await fit({
      ...{ model, method, runner, classCount: PATTERNS.length, fingerprint: 'tiny' },
      ...{ training: tinyTrainingSet(48), validation: tinyEvaluationSet(12), state: null },
      settings: { ...TINY_SETTINGS, ...settings },
      onEpoch: async (done) => {
        epochs.push(done);
        await onEpoch?.(done, model);
      },
      ...rest,
    });
    return { state, epochs };
  } finally {
    await runner.dispose();
    model.dispose();
  }
}

import { join } from 'node:path';
import { saveCheckpoint } from '../../src/model/checkpoint/checkpoint.js';
import type { CheckpointDescription } from '../../src/model/checkpoint/checkpoint-info.js';
import type { LabelSet } from '../../src/model/label-set.js';
import { frameClassifier } from '../../src/model/networks/classifier.js';
import { compactResidualNet } from '../../src/model/networks/residual-net.js';
import { temporalEncoder } from '../../src/model/networks/temporal-encoder.js';
import type { TemporalEncoderOptions } from '../../src/model/networks/temporal-encoder.js';

export const TINY_CROP = { size: 16, channels: 1, eyes: { x: 0.5, y: 0.35 }, mouth: { x: 0.5, y: 0.75 } } as const;

/** Features of the tiny frame network. */
export const TINY_FEATURES = 16;

export function tinyInfo(labels: LabelSet, overrides: Partial<CheckpointDescription> = {}): CheckpointDescription {
  const labelSet = { name: labels.name, labels: [...labels.labels] };
  return {
    kind: 'frame',
    network: 'tiny',
    labelSet,
    crop: TINY_CROP,
    recipe: {},
    metrics: {},
    versions: {},
    ...overrides,
  };
}

/** Saves a freshly initialised frame network of some 10,000 weights as a model folder. */
export async function saveTinyFrameModel(
  folder: string,
  labels: LabelSet,
  { seed = 1, ...overrides }: Partial<CheckpointDescription> & { readonly seed?: number } = {},
): Promise<void> {
  const model = frameClassifier(compactResidualNet({ size: TINY_CROP.size, width: TINY_FEATURES / 4, seed }), {
    classes: labels.size,
    seed,
  });
  await saveCheckpoint(model, folder, tinyInfo(labels, overrides));
  model.dispose();
}

/** The same with a temporal network of 2 layers beside it: `frame/` and `temporal/`. */
export async function saveTinyClipModel(
  folder: string,
  labels: LabelSet,
  {
    temporal: options = {},
    ...overrides
  }: Partial<CheckpointDescription> & { readonly temporal?: Partial<TemporalEncoderOptions> } = {},
): Promise<void> {
  await saveTinyFrameModel(join(folder, 'frame'), labels);
  const temporal = temporalEncoder({
    features: TINY_FEATURES,
    classes: labels.size,
    width: 8,
    layers: 2,
    feedForward: 8,
    dropout: 0,
    positionalCode: true,
    ...options,
  });
  await saveCheckpoint(temporal, join(folder, 'temporal'), tinyInfo(labels, { kind: 'temporal', ...overrides }));
  temporal.dispose();
}

import * as tf from '@tensorflow/tfjs';
import type { CheckpointInfo } from '../../model/checkpoint/checkpoint-info.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import type { LabelSet } from '../../model/label-set.js';
import { VERSION } from '../../version.js';
import type { TrainConfig } from '../config/train-config.js';

/** What is measured of a model, and changes from epoch to epoch. */
export type Figures = Required<Pick<CheckpointInfo, 'temperature' | 'metrics'>>;

/** What a checkpoint says of itself besides its figures. */
export function checkpointInfo(
  kind: CheckpointInfo['kind'],
  { name }: tf.LayersModel,
  labels: LabelSet,
  crop: CropGeometry,
  config: TrainConfig,
): Omit<CheckpointInfo, 'format' | keyof Figures> {
  return {
    kind,
    network: name,
    labelSet: { name: labels.name, labels: [...labels.labels] },
    crop,
    recipe: { config: JSON.parse(JSON.stringify(config)) as CheckpointInfo['recipe'][string] },
    versions: { ferstream: VERSION, tfjs: tf.version['tfjs-core'] },
  };
}

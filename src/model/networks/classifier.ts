import { tf } from '../tfjs.js';
import { SeededDropout } from './seeded-dropout.js';

export interface ClassifierOptions {
  readonly classes: number;
  /** Share of the features dropped in training. */
  readonly dropout?: number;
  /** Seed of the initial weights and the dropout. */
  readonly seed?: number;
}

/** A frame encoder with a linear classifier. The encoder's layers are shared, not copied. [B, S, S, C] -> logits [B, classes] */
export function frameClassifier(
  encoder: tf.LayersModel,
  { classes, dropout = 0, seed = 1 }: ClassifierOptions,
): tf.LayersModel {
  let x = encoder.outputs[0]!; // [B, D]
  if (dropout > 0)
    x = new SeededDropout({ name: 'features_dropout', rate: dropout, seed }).apply(x) as tf.SymbolicTensor;
  const kernelInitializer = tf.initializers.glorotNormal({ seed });
  const logits = tf.layers.dense({ name: 'logits', units: classes, kernelInitializer }).apply(x) as tf.SymbolicTensor; // [B, classes]
  return tf.model({ name: `${encoder.name}_classifier`, inputs: encoder.inputs, outputs: logits });
}

/** The frame encoder of a frame classifier (everything before dropout and linear layer), with shared weights. [B, S, S, C] -> [B, D] */
export function encoderOf(classifier: tf.LayersModel): tf.LayersModel {
  const features = classifier.getLayer('features').output as tf.SymbolicTensor;
  return tf.model({ name: `${classifier.name}_encoder`, inputs: classifier.inputs, outputs: features });
}

import { tf } from '../tfjs.js';
import { Seeds, convNorm, relu, residualBlock } from './residual-block.js';
import { StandardiseImage } from './standardise-image.js';

export interface CompactResidualNetOptions {
  /** Side of the square crop in pixels. */
  readonly size?: number;
  readonly channels?: 1 | 3;
  /** Channels of the first stage; the second and third have two and four times as many. */
  readonly width?: number;
  /** Residual blocks per stage. */
  readonly depth?: number;
  /** Seed of the initial weights. */
  readonly seed?: number;
}

/**
 * Frame encoder for small face crops (48-64 pixels): a stem at half the size, then three stages of residual blocks at 1/2, 1/4 and 1/8 of it, then
 * global average pooling. Pixels of any range (StandardiseImage). [B, S, S, C] -> features [B, 4 width]
 *
 * Blocks after the first of a stage start as the identity, so that a trained network can be deepened without changing its outputs.
 *
 * 0.17 M parameters by default; width 64 gives 1.2 M, width 48 and depth 2 1.6 M.
 */
export function compactResidualNet({
  size = 48,
  channels = 1,
  width = 24,
  depth = 1,
  seed = 1,
}: CompactResidualNetOptions = {}): tf.LayersModel {
  const seeds = new Seeds(seed * 1000);
  const input = tf.input({ shape: [size, size, channels], name: 'image' });
  let x = new StandardiseImage({ name: 'standardise' }).apply(input) as tf.SymbolicTensor;
  x = relu(convNorm(x, 'stem', width, 3, 2, seeds), 'stem'); // [B, S/2, S/2, W]
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < depth; block++) {
      const strides = stage > 0 && block === 0 ? 2 : 1;
      x = residualBlock(x, `stage${stage + 1}_block${block + 1}`, width * 2 ** stage, strides, seeds, block > 0);
    }
  } // [B, S/8, S/8, 4 W]
  const features = tf.layers.globalAveragePooling2d({ name: 'features' }).apply(x) as tf.SymbolicTensor; // [B, 4 W]
  return tf.model({ name: 'compact_residual_net', inputs: input, outputs: features });
}

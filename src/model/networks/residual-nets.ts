import { tf } from '../tfjs.js';
import { StandardiseImage } from './input-layers.js';
import { Seeds, convNorm, relu, residualBlock } from './residual-block.js';

interface ResNet18Options {
  /** Side of the square crop in pixels: 112 or 224 in the papers. */
  readonly size?: number;
  readonly channels?: 1 | 3;
  /** Seed of the initial weights. */
  readonly seed?: number;
}

/**
 * ResNet-18 (He et al. 2016, table 1), the frame encoder of the papers on noisy expression labels: 11.2 M parameters.
 * Pixels of any range (StandardiseImage). [B, S, S, C] -> features [B, 512]
 */
export function resNet18({ size = 112, channels = 3, seed = 1 }: ResNet18Options = {}): tf.LayersModel {
  const seeds = new Seeds(seed * 1000);
  const input = tf.input({ shape: [size, size, channels], name: 'image' });
  let x = new StandardiseImage({ name: 'standardise' }).apply(input) as tf.SymbolicTensor;
  x = relu(convNorm(x, 'stem', 64, 7, 2, seeds), 'stem'); // [B, S/2, S/2, 64]
  x = tf.layers
    .maxPooling2d({ name: 'stem_pool', poolSize: 3, strides: 2, padding: 'same' })
    .apply(x) as tf.SymbolicTensor; // [B, S/4, S/4, 64]
  for (let stage = 0; stage < 4; stage++) {
    for (let block = 0; block < 2; block++) {
      const strides = stage > 0 && block === 0 ? 2 : 1;
      x = residualBlock(x, `stage${stage + 1}_block${block + 1}`, 64 * 2 ** stage, strides, seeds);
    }
  } // [B, S/32, S/32, 512]
  const features = tf.layers.globalAveragePooling2d({ name: 'features' }).apply(x) as tf.SymbolicTensor; // [B, 512]
  return tf.model({ name: 'resnet18', inputs: input, outputs: features });
}

interface CompactResidualNetOptions {
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

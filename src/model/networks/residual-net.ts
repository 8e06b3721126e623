import { tf } from '../tfjs.js';
import { BatchNorm } from './batch-norm.js';
import { StandardiseImage } from './layers.js';
import { nativeBackend } from './native-ops.js';
import type { NativeBackend } from './native-ops.js';

/**
 * max(x, 0), with a one-pass gradient on tfjs-node, where TensorFlow.js composes it of seven operations. [...] -> [...]
 */
export function rectify(x: tf.Tensor): tf.Tensor {
  const native = nativeBackend();
  return native && x.dtype === 'float32' ? rectifyNatively(native, x) : tf.relu(x);
}

function rectifyNatively(backend: NativeBackend, x: tf.Tensor): tf.Tensor {
  const rectified = tf.customGrad((...args) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const value = tf.relu(input);
    save([value]); // positive where the input is, and kept for the next layer anyway
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const attributes = [{ name: 'T', type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }];
        return backend.executeMultipleOutputs('ReluGrad', attributes, [dy, saved[0]!], 1)[0]!;
      },
    };
  });
  return rectified(x);
}

/** The layer of `rectify`: as tf.layers.reLU without a ceiling. */
export class Relu extends tf.layers.Layer {
  static readonly className = 'FerRelu';

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => rectify(Array.isArray(inputs) ? inputs[0]! : inputs));
  }
}

tf.serialization.registerClass(Relu);

/** Numbers the layers of one network, so that each starts from its own reproducible weights. */
export class Seeds {
  constructor(private last: number) {}

  next(): number {
    this.last += 1;
    return this.last;
  }
}

/** Convolution without bias, then batch normalisation. `name` is given to both, with `_conv` and `_norm` appended. [B, H, W, C] -> [B, H / s, W / s, filters] */
function convNorm(
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  kernelSize: number,
  strides: number,
  seeds: Seeds,
  initialGamma = 1,
): tf.SymbolicTensor {
  const kernelInitializer = tf.initializers.heNormal({ seed: seeds.next() });
  const conv = tf.layers.conv2d({
    name: `${name}_conv`,
    filters,
    kernelSize,
    strides,
    padding: 'same',
    useBias: false,
    kernelInitializer,
  });
  return new BatchNorm({ name: `${name}_norm`, initialGamma }).apply(conv.apply(x)) as tf.SymbolicTensor;
}

export function relu(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  return new Relu({ name: `${name}_relu` }).apply(x) as tf.SymbolicTensor;
}

/**
 * Basic residual block (He et al. 2016, figure 2): two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where the
 * shape changes. [B, H, W, C] -> [B, H / s, W / s, filters]
 * @param asIdentity begin as the identity, with the last scale at zero (Goyal et al. 2017, section 5.1), where input and output have the same shape and the input is not
 *   negative: put into a trained network, such a block leaves it what it is
 */
function residualBlock(
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  strides: number,
  seeds: Seeds,
  asIdentity = false,
): tf.SymbolicTensor {
  const first = relu(convNorm(x, `${name}_1`, filters, 3, strides, seeds), `${name}_1`);
  const second = convNorm(first, `${name}_2`, filters, 3, 1, seeds, asIdentity ? 0 : 1);
  const same = strides === 1 && x.shape.at(-1) === filters;
  const shortcut = same ? x : convNorm(x, `${name}_shortcut`, filters, 1, strides, seeds);
  return relu(tf.layers.add({ name: `${name}_sum` }).apply([second, shortcut]) as tf.SymbolicTensor, name);
}

export interface PictureOptions {
  /** Side of the square crop in pixels. */
  readonly size?: number;
  readonly channels?: 1 | 3;
  /** Seed of the initial weights. */
  readonly seed?: number;
}

interface PictureInput {
  /** [B, S, S, C] */
  readonly input: tf.SymbolicTensor;
  /** [B, S, S, C], standardised */
  readonly picture: tf.SymbolicTensor;
  readonly seeds: Seeds;
}

/** The beginning of a frame encoder: a picture of any pixel range, standardised; by default 48 pixels, grey. */
export function pictureInput({ size = 48, channels = 1, seed = 1 }: PictureOptions): PictureInput {
  const input = tf.input({ shape: [size, size, channels], name: 'image' });
  const picture = new StandardiseImage({ name: 'standardise' }).apply(input) as tf.SymbolicTensor;
  return { input, picture, seeds: new Seeds(seed * 1000) };
}

/** A frame encoder from its input to the average of its last feature map. x [B, H, W, D] -> features [B, D] */
export function pooledEncoder(name: string, input: tf.SymbolicTensor, x: tf.SymbolicTensor): tf.LayersModel {
  const features = tf.layers.globalAveragePooling2d({ name: 'features' }).apply(x) as tf.SymbolicTensor;
  return tf.model({ name, inputs: input, outputs: features });
}

/**
 * ResNet-18 (He et al. 2016, table 1), the frame encoder of the papers on noisy expression labels: 11.2 M parameters.
 * Pixels of any range (StandardiseImage), by default 112 (in the papers also 224) in colour. [B, S, S, C] -> features [B, 512]
 */
export function resNet18(options: PictureOptions = {}): tf.LayersModel {
  const { input, picture, seeds } = pictureInput({ size: 112, channels: 3, ...options });
  let x = relu(convNorm(picture, 'stem', 64, 7, 2, seeds), 'stem'); // [B, S/2, S/2, 64]
  x = tf.layers
    .maxPooling2d({ name: 'stem_pool', poolSize: 3, strides: 2, padding: 'same' })
    .apply(x) as tf.SymbolicTensor; // [B, S/4, S/4, 64]
  for (let stage = 0; stage < 4; stage++) {
    for (let block = 0; block < 2; block++) {
      const strides = stage > 0 && block === 0 ? 2 : 1;
      x = residualBlock(x, `stage${stage + 1}_block${block + 1}`, 64 * 2 ** stage, strides, seeds);
    }
  } // [B, S/32, S/32, 512]
  return pooledEncoder('resnet18', input, x); // [B, 512]
}

interface CompactResidualNetOptions extends PictureOptions {
  /** Channels of the first stage; the second and third have two and four times as many. */
  readonly width?: number;
  /** Residual blocks per stage. */
  readonly depth?: number;
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
  width = 24,
  depth = 1,
  ...options
}: CompactResidualNetOptions = {}): tf.LayersModel {
  const { input, picture, seeds } = pictureInput(options);
  let x = relu(convNorm(picture, 'stem', width, 3, 2, seeds), 'stem'); // [B, S/2, S/2, W]
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < depth; block++) {
      const strides = stage > 0 && block === 0 ? 2 : 1;
      x = residualBlock(x, `stage${stage + 1}_block${block + 1}`, width * 2 ** stage, strides, seeds, block > 0);
    }
  } // [B, S/8, S/8, 4 W]
  return pooledEncoder('compact_residual_net', input, x); // [B, 4 W]
}

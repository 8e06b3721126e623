import { tf } from '../tfjs.js';
import { LayerNorm } from './layer-norm.js';
import { SeededDropout } from './seeded-dropout.js';
import { SelfAttention } from './self-attention.js';

/** Adds the sinusoidal position encoding (Vaswani et al. 2017, section 3.5). [B, T, D] -> [B, T, D] */
class PositionalCode extends tf.layers.Layer {
  static readonly className = 'FerPositionalCode';

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const [, time, width] = x.shape as [number, number, number];
      return x.add(tf.tensor2d(positionalCode(time, width), [time, width]));
    });
  }
}

/** code(t, 2i) = sin(t / 10000^(2i / D)), code(t, 2i + 1) = cos(the same). Row by row: [T, D] */
function positionalCode(time: number, width: number): Float32Array {
  return Float32Array.from({ length: time * width }, (_, at) => {
    const channel = at % width;
    const angle = Math.floor(at / width) / 10_000 ** ((channel - (channel % 2)) / width);
    return channel % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

tf.serialization.registerClass(PositionalCode);

export interface TemporalEncoderOptions {
  /** D: length of a frame's feature vector. */
  readonly features: number;
  /** C: classes. */
  readonly classes: number;
  /** Width of the projected features and of the encoder. */
  readonly width?: number;
  readonly layers?: number;
  /** Must divide the width. */
  readonly heads?: number;
  /** Hidden width of the feed-forward layers. */
  readonly feedForward?: number;
  readonly dropout?: number;
  /** Add a position encoding. Without it the order of the frames has no effect. */
  readonly positionalCode?: boolean;
  /** Frames attend only to earlier ones: for live use. */
  readonly causal?: boolean;
  /** A second input "present" [B, T]: 1 for frames, 0 for padding, which is masked. */
  readonly masked?: boolean;
  /** Seed of the initial weights and the dropout. */
  readonly seed?: number;
}

/**
 * Temporal encoder with a prediction for every frame, as in V-NAW (arXiv 2503.15970): 1x1 projection, transformer encoder
 * (normalisation after each part, as in Vaswani et al. 2017), linear layer. Defaults are the published ones. Clips may have any length T.
 *
 * features [B, T, D] (and present [B, T] when `masked`) -> logits [B, T, C]
 * @throws FerError CONFIG_INVALID when the heads do not divide the width.
 */
export function temporalEncoder(options: TemporalEncoderOptions): tf.LayersModel {
  const {
    features,
    classes,
    width = 512,
    layers = 4,
    heads = 1,
    feedForward = 512,
    dropout = 0.6,
    causal = false,
    seed = 1,
  } = options;
  let lastSeed = seed * 1000;
  const nextSeed = (): number => (lastSeed += 2);
  const dense = (
    x: tf.SymbolicTensor,
    name: string,
    units: number,
    activation: 'linear' | 'relu' = 'linear',
  ): tf.SymbolicTensor => {
    const kernelInitializer = tf.initializers.glorotUniform({ seed: nextSeed() });
    return tf.layers.dense({ name, units, activation, kernelInitializer }).apply(x) as tf.SymbolicTensor;
  };
  const drop = (x: tf.SymbolicTensor, name: string): tf.SymbolicTensor =>
    dropout === 0 ? x : (new SeededDropout({ name, rate: dropout, seed: nextSeed() }).apply(x) as tf.SymbolicTensor);
  const addAndNormalise = (x: tf.SymbolicTensor, part: tf.SymbolicTensor, name: string): tf.SymbolicTensor => {
    const sum = tf.layers.add({ name: `${name}_sum` }).apply([x, drop(part, `${name}_dropout`)]);
    return new LayerNorm({ name: `${name}_norm`, epsilon: 1e-5 }).apply(sum) as tf.SymbolicTensor;
  };

  const input = tf.input({ shape: [null, features], name: 'features' }); // [B, T, D]
  const present = options.masked === true ? tf.input({ shape: [null], name: 'present' }) : undefined; // [B, T]
  let x = dense(input, 'projection', width); // [B, T, W]
  if (options.positionalCode === true)
    x = new PositionalCode({ name: 'positional_code' }).apply(x) as tf.SymbolicTensor;
  for (let i = 1; i <= layers; i++) {
    const attention = new SelfAttention({ name: `layer${i}_attention`, heads, causal, dropout, seed: nextSeed() });
    x = addAndNormalise(x, attention.apply(present ? [x, present] : x) as tf.SymbolicTensor, `layer${i}_attention`);
    const hidden = drop(dense(x, `layer${i}_hidden`, feedForward, 'relu'), `layer${i}_hidden_dropout`); // [B, T, F]
    x = addAndNormalise(x, dense(hidden, `layer${i}_forward`, width), `layer${i}_forward`); // [B, T, W]
  }
  const logits = dense(x, 'logits', classes); // [B, T, C]
  return tf.model({ name: 'temporal_encoder', inputs: present ? [input, present] : input, outputs: logits });
}

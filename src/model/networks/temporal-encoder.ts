import { tf } from '../tfjs.js';
import { LayerNorm, SeededDropout } from './layers.js';
import { SelfAttention, ofFirst } from './self-attention.js';

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

/** Less than one frame's share of any clip. */
const HARDLY_ANY = 1e-6;

/**
 * Features beside their difference from the mean over the clip, so that a face is seen against how this person usually looks; causal: from the mean
 * so far. Takes x [B, T, D], or [x, present] with present [B, T] = 1 for frames, 0 for padding. Returns [B, T, 2 D].
 */
class RelativeFeatures extends tf.layers.Layer {
  static readonly className = 'FerRelativeFeatures';
  private readonly causal: boolean;

  constructor(config: { readonly name?: string; readonly causal?: boolean }) {
    super(config);
    this.causal = config.causal ?? false;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, time, width] = ofFirst(inputShape);
    return [batch!, time!, 2 * width!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x, present] = Array.isArray(inputs) ? (inputs as [tf.Tensor, tf.Tensor?]) : [inputs]; // [B, T, D], [B, T]
      const weights = present?.expandDims(2) ?? x.mean(2, true).mul(0).add(1); // [B, T, 1]
      const over = (values: tf.Tensor): tf.Tensor => (this.causal ? values.cumsum(1) : values.mean(1, true));
      const mean = over(x.mul(weights)).div(over(weights).maximum(HARDLY_ANY)); // [B, T or 1, D]
      return tf.concat([x, x.sub(mean)], 2);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), causal: this.causal };
  }
}

tf.serialization.registerClass(RelativeFeatures);

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
  /** The network also sees how features differ from their mean over the clip. */
  readonly relative?: boolean;
  /** Its logits are those of the frame network plus a change, which is 0 before training. `setFrameHead` gives it the frame network's last layer, which stays as it is. */
  readonly frameLogits?: boolean;
  /** A second input "present" [B, T]: 1 for frames, 0 for padding, which is masked. */
  readonly masked?: boolean;
  /** Seed of the initial weights and the dropout. */
  readonly seed?: number;
}

/**
 * Temporal encoder with a prediction for every frame, as in V-NAW (arXiv 2503.15970): 1x1 projection, transformer encoder
 * (normalisation after each part, as in Vaswani et al. 2017), linear layer. Defaults are the published ones; `relative` and `frameLogits` are ours.
 * Clips may have any length T.
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
    relative = false,
    frameLogits = false,
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
  const seen = relative
    ? (new RelativeFeatures({ name: 'relative', causal }).apply(
        present ? [input, present] : input,
      ) as tf.SymbolicTensor)
    : input; // [B, T, D or 2 D]
  let x = dense(seen, 'projection', width); // [B, T, W]
  if (options.positionalCode === true)
    x = new PositionalCode({ name: 'positional_code' }).apply(x) as tf.SymbolicTensor;
  for (let i = 1; i <= layers; i++) {
    const attention = new SelfAttention({ name: `layer${i}_attention`, heads, causal, dropout, seed: nextSeed() });
    x = addAndNormalise(x, attention.apply(present ? [x, present] : x) as tf.SymbolicTensor, `layer${i}_attention`);
    const hidden = drop(dense(x, `layer${i}_hidden`, feedForward, 'relu'), `layer${i}_hidden_dropout`); // [B, T, F]
    x = addAndNormalise(x, dense(hidden, `layer${i}_forward`, width), `layer${i}_forward`); // [B, T, W]
  }
  const logits = frameLogits ? changedLogits(input, x, classes) : dense(x, 'logits', classes); // [B, T, C]
  return tf.model({ name: 'temporal_encoder', inputs: present ? [input, present] : input, outputs: logits });
}

/** The frame network's logits plus a change that is 0 at first. [B, T, D], [B, T, W] -> [B, T, C] */
function changedLogits(features: tf.SymbolicTensor, x: tf.SymbolicTensor, units: number): tf.SymbolicTensor {
  const parts = [
    tf.layers.dense({ name: FRAME_LOGITS, units, kernelInitializer: 'zeros', trainable: false }).apply(features),
    tf.layers.dense({ name: 'logits_change', units, kernelInitializer: 'zeros' }).apply(x),
  ] as tf.SymbolicTensor[];
  return tf.layers.add({ name: 'logits' }).apply(parts) as tf.SymbolicTensor;
}

const FRAME_LOGITS = 'logits_frame';

/**
 * Gives a temporal encoder with `frameLogits` the last layer of the frame network: until it is trained, it answers as that network does.
 * @param kernel [D, C] @param bias [C]
 */
export function setFrameHead(temporal: tf.LayersModel, kernel: tf.Tensor2D, bias: tf.Tensor1D): void {
  temporal.getLayer(FRAME_LOGITS).setWeights([kernel, bias]);
}

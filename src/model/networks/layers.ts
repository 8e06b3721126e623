import { tf } from '../tfjs.js';
import { sumByChannel } from './batch-norm.js';

// Small layers of our own. Each is registered with TensorFlow.js, so that saved networks can be loaded.

/**
 * Standardises every image to mean 0 and standard deviation 1 over all pixels and channels. Faces in films are often very dark, and
 * with this as first layer no input can be scaled differently than in training. A flat image becomes all zeros. [B, H, W, C] -> [B, H, W, C]
 */
export class StandardiseImage extends tf.layers.Layer {
  static readonly className = 'FerStandardiseImage';

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const rows = x.reshape([x.shape[0], -1]); // [B, H W C]
      const centred = rows.sub(rows.mean(1, true));
      const deviation = centred.square().mean(1, true).sqrt(); // [B, 1]
      return centred.div(deviation.maximum(1e-6)).reshape(x.shape);
    });
  }
}

tf.serialization.registerClass(StandardiseImage);

interface EnlargeConfig {
  readonly name?: string;
  /** Side of the output images. */
  readonly size: number;
}

/** Bilinear resizing, for networks designed for larger images than the crops. [B, H, W, C] -> [B, S, S, C] */
export class Enlarge extends tf.layers.Layer {
  static readonly className = 'FerEnlarge';
  private readonly size: number;

  constructor(config: EnlargeConfig) {
    super(config);
    this.size = config.size;
  }

  override computeOutputShape([batch, , , channels]: tf.Shape): tf.Shape {
    return [batch!, this.size, this.size, channels!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    return tf.tidy(() => tf.image.resizeBilinear(x, [this.size, this.size], false, true));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), size: this.size };
  }
}

tf.serialization.registerClass(Enlarge);

/**
 * A row of dropout masks that a seed determines. TensorFlow.js' own dropout with a seed drops the same places in every step,
 * and without one cannot be repeated.
 */
export class DropoutMasks {
  private drawn = 0;

  constructor(
    readonly rate: number,
    private seed: number,
  ) {}

  /** Restarts the sequence of masks. */
  reseed(seed: number): void {
    this.seed = seed;
    this.drawn = 0;
  }

  /** x with a share `rate` of its values at zero and the others scaled up. Any shape. */
  apply(x: tf.Tensor): tf.Tensor {
    if (this.rate === 0) return x;
    this.drawn += 1;
    // Far apart for neighbouring seeds, and never 0, which TensorFlow.js takes for "no seed".
    return tf.dropout(x, this.rate, undefined, 1 + ((this.seed * 1_000_003 + this.drawn * 7919) % 2_147_483_647));
  }
}

export interface SeededDropoutConfig {
  readonly name?: string;
  readonly rate: number;
  readonly seed?: number;
}

/** A layer that draws dropout masks: reseedDropout finds it by this. */
export interface DropsOut {
  readonly masks: DropoutMasks;
}

/** Dropout as a layer: [any] -> [any] */
export class SeededDropout extends tf.layers.Layer implements DropsOut {
  static readonly className = 'FerSeededDropout';
  readonly masks: DropoutMasks;
  private readonly initialSeed: number;

  constructor(config: SeededDropoutConfig) {
    super(config);
    this.initialSeed = config.seed ?? 1;
    this.masks = new DropoutMasks(config.rate, this.initialSeed);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => (kwargs['training'] === true ? this.masks.apply(x) : x.clone()));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.masks.rate, seed: this.initialSeed };
  }
}

/** Reseeds every dropout of a model. Called with the step's number before each step, it makes a resumed run equal an uninterrupted one. */
export function reseedDropout(model: tf.LayersModel, seed: number): void {
  model.layers.forEach((layer, i) => {
    if ('masks' in layer && layer.masks instanceof DropoutMasks) layer.masks.reseed(seed * 8191 + i);
  });
}

tf.serialization.registerClass(SeededDropout);

/**
 * Layer normalisation over the last axis with its gradient written out (Ba et al. 2016): with z = (x - mean) / sqrt(variance + epsilon) of each row,
 *
 *     y = gamma z + beta,   dx = (g - mean(g) - z mean(g z)) / sqrt(variance + epsilon),   g = gamma dy.
 *
 * x [..., C], gamma [C], beta [C] -> [..., C]
 */
export function normaliseRows(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  const normalise = tf.customGrad((...args) => {
    const [input, scale, shift, save] = args as [tf.Tensor, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const centred = input.sub(input.mean(-1, true)); // [..., C]
    const inverse = centred.square().mean(-1, true).add(epsilon).rsqrt(); // [..., 1]
    const z = centred.mul(inverse); // [..., C]
    save([z, inverse, scale]);
    return {
      value: z.mul(scale).add(shift),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedZ, savedInverse, savedScale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor1D];
        const g = dy.mul(savedScale); // [..., C]
        const projected = savedZ.mul(g.mul(savedZ).mean(-1, true)); // [..., C]
        const dx = g.sub(g.mean(-1, true)).sub(projected).mul(savedInverse);
        return [dx, sumByChannel(dy.mul(savedZ)), sumByChannel(dy)];
      },
    };
  });
  return normalise(x, gamma, beta);
}

export interface LayerNormConfig {
  readonly name?: string;
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axis, as tf.layers.layerNormalization (same weights, same names). The original repeats gamma and beta for every row, and the
 * gradient of that is slow: with the 1,500 frames of a batch of clips a step takes seconds. [..., C] -> [..., C]
 */
export class LayerNorm extends tf.layers.Layer {
  static readonly className = 'FerLayerNorm';
  private readonly epsilon: number;
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;

  constructor(config: LayerNormConfig = {}) {
    super(config);
    this.epsilon = config.epsilon ?? 1e-5;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = (inputShape as tf.Shape).at(-1)!;
    this.gamma = this.addWeight('gamma', [channels], 'float32', tf.initializers.ones());
    this.beta = this.addWeight('beta', [channels], 'float32', tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() =>
      normaliseRows(Array.isArray(inputs) ? inputs[0]! : inputs, this.gamma.read(), this.beta.read(), this.epsilon),
    );
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.epsilon };
  }
}

tf.serialization.registerClass(LayerNorm);

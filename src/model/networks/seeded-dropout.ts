import { tf } from '../tfjs.js';

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

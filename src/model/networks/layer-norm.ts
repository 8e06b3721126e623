import { tf } from '../tfjs.js';
import { sumByChannel } from './batch-norm.js';

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

import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { DropoutMasks } from './layers.js';
import type { DropsOut } from './layers.js';

/** Added to the scores of masked frames: exp() of it is 0 in float32. */
const NEVER = -1e9;

export interface SelfAttentionConfig {
  readonly name?: string;
  readonly heads: number;
  /** Each frame attends only to itself and earlier ones. */
  readonly causal?: boolean;
  /** Share of the attention weights dropped in training. */
  readonly dropout?: number;
  /** Seed of the initial weights and the dropout. */
  readonly seed?: number;
}

/**
 * Multi-head self-attention (Vaswani et al. 2017, section 3.2): softmax(Q K^T / sqrt(d)) V per head, then a linear layer.
 * Takes x [B, T, D], or [x, present] with present [B, T] = 1 for frames, 0 for padding. Returns [B, T, D].
 */
export class SelfAttention extends tf.layers.Layer implements DropsOut {
  static readonly className = 'FerSelfAttention';
  readonly masks: DropoutMasks;
  private readonly heads: number;
  private readonly causal: boolean;
  private readonly initialSeed: number;
  private inKernel!: tf.LayerVariable;
  private inBias!: tf.LayerVariable;
  private outKernel!: tf.LayerVariable;
  private outBias!: tf.LayerVariable;

  constructor(config: SelfAttentionConfig) {
    super(config);
    this.heads = config.heads;
    this.causal = config.causal ?? false;
    this.initialSeed = config.seed ?? 1;
    this.masks = new DropoutMasks(config.dropout ?? 0, this.initialSeed);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const width = ofFirst(inputShape).at(-1)!;
    if (width % this.heads !== 0) {
      throw new FerError(
        'CONFIG_INVALID',
        `temporal encoder: width ${width} is not divisible by ${this.heads} heads; choose a multiple`,
      );
    }
    const init = (offset: number): ReturnType<typeof tf.initializers.glorotUniform> =>
      tf.initializers.glorotUniform({ seed: this.initialSeed + offset });
    this.inKernel = this.addWeight('in_kernel', [width, 3 * width], 'float32', init(0));
    this.inBias = this.addWeight('in_bias', [3 * width], 'float32', tf.initializers.zeros());
    this.outKernel = this.addWeight('out_kernel', [width, width], 'float32', init(1));
    this.outBias = this.addWeight('out_bias', [width], 'float32', tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return ofFirst(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return tf.tidy(() => {
      const [x, present] = Array.isArray(inputs) ? [inputs[0]!, inputs[1]] : [inputs, undefined];
      const [batch, time, width] = x.shape as [number, number, number];
      const depth = width / this.heads; // d
      // One product of plain matrices for queries, keys and values: batched ones are slow on wasm.
      const projected = tf.matMul(x.reshape([batch * time, width]), this.inKernel.read()).add(this.inBias.read()); // [B T, 3 D]
      const [q, k, v] = tf.split(projected, 3, 1).map((part) => this.byHead(part, batch, time, depth)) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ]; // [B H, T, d]
      let scores = tf.matMul(q.mul(1 / Math.sqrt(depth)), k, false, true); // [B H, T, T]
      if (this.causal) scores = scores.add(future(time));
      if (present)
        scores = scores
          .reshape([batch, this.heads * time, time])
          .add(absent(present))
          .reshape([batch * this.heads, time, time]);
      let weights = tf.softmax(scores); // [B H, T, T]
      if (kwargs['training'] === true) weights = this.masks.apply(weights);
      const mixed = tf.matMul(weights, v); // [B H, T, d]
      const joined = mixed
        .reshape([batch, this.heads, time, depth])
        .transpose([0, 2, 1, 3])
        .reshape([batch * time, width]); // [B T, D]
      return tf.matMul(joined, this.outKernel.read()).add(this.outBias.read()).reshape([batch, time, width]); // [B, T, D]
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      heads: this.heads,
      causal: this.causal,
      dropout: this.masks.rate,
      seed: this.initialSeed,
    };
  }

  /** [B T, D] -> [B H, T, d] */
  private byHead(x: tf.Tensor, batch: number, time: number, depth: number): tf.Tensor {
    if (this.heads === 1) return x.reshape([batch, time, depth]);
    return x
      .reshape([batch, time, this.heads, depth])
      .transpose([0, 2, 1, 3])
      .reshape([batch * this.heads, time, depth]);
  }
}

/** Causal mask: -1e9 where the column is after the row. [T, T] */
function future(time: number): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? NEVER : 0)),
    [time, time],
  );
}

/** Padding mask: -1e9 for padding. [B, T] -> [B, 1, T] */
function absent(present: tf.Tensor): tf.Tensor {
  return present.toFloat().sub(1).mul(-NEVER).expandDims(1);
}

/** The shape of the first input. */
export function ofFirst(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return Array.isArray(shape[0]) ? shape[0] : (shape as tf.Shape);
}

tf.serialization.registerClass(SelfAttention);

import { tf } from '../tfjs.js';

export interface EnlargeConfig {
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

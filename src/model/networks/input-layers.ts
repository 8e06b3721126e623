import { tf } from '../tfjs.js';

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

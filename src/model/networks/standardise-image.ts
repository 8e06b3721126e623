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

import { tf } from '../tfjs.js';

/** Adds the sinusoidal position encoding (Vaswani et al. 2017, section 3.5). [B, T, D] -> [B, T, D] */
export class PositionalCode extends tf.layers.Layer {
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
export function positionalCode(time: number, width: number): Float32Array {
  return Float32Array.from({ length: time * width }, (_, at) => {
    const channel = at % width;
    const angle = Math.floor(at / width) / 10_000 ** ((channel - (channel % 2)) / width);
    return channel % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

tf.serialization.registerClass(PositionalCode);

import { tf } from '../tfjs.js';
import { nativeBackend } from './native-ops.js';
import type { NativeBackend } from './native-ops.js';

/**
 * max(x, 0), with a one-pass gradient on tfjs-node, where TensorFlow.js composes it of seven operations. [...] -> [...]
 */
export function rectify(x: tf.Tensor): tf.Tensor {
  const native = nativeBackend();
  return native && x.dtype === 'float32' ? rectifyNatively(native, x) : tf.relu(x);
}

function rectifyNatively(backend: NativeBackend, x: tf.Tensor): tf.Tensor {
  const rectified = tf.customGrad((...args) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const value = tf.relu(input);
    save([value]); // positive where the input is, and kept for the next layer anyway
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const attributes = [{ name: 'T', type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }];
        return backend.executeMultipleOutputs('ReluGrad', attributes, [dy, saved[0]!], 1)[0]!;
      },
    };
  });
  return rectified(x);
}

/** The layer of `rectify`: as tf.layers.reLU without a ceiling. */
export class Relu extends tf.layers.Layer {
  static readonly className = 'FerRelu';

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => rectify(Array.isArray(inputs) ? inputs[0]! : inputs));
  }
}

tf.serialization.registerClass(Relu);

import { tf } from '../tfjs.js';
import { BatchNorm } from './batch-norm.js';
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

/** Numbers the layers of one network, so that each starts from its own reproducible weights. */
export class Seeds {
  constructor(private last: number) {}

  next(): number {
    this.last += 1;
    return this.last;
  }
}

/** Convolution without bias, then batch normalisation. `name` is given to both, with `_conv` and `_norm` appended. [B, H, W, C] -> [B, H / s, W / s, filters] */
export function convNorm(
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  kernelSize: number,
  strides: number,
  seeds: Seeds,
  initialGamma = 1,
): tf.SymbolicTensor {
  const kernelInitializer = tf.initializers.heNormal({ seed: seeds.next() });
  const conv = tf.layers.conv2d({
    name: `${name}_conv`,
    filters,
    kernelSize,
    strides,
    padding: 'same',
    useBias: false,
    kernelInitializer,
  });
  return new BatchNorm({ name: `${name}_norm`, initialGamma }).apply(conv.apply(x)) as tf.SymbolicTensor;
}

export function relu(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  return new Relu({ name: `${name}_relu` }).apply(x) as tf.SymbolicTensor;
}

/**
 * Basic residual block (He et al. 2016, figure 2): two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where the
 * shape changes. [B, H, W, C] -> [B, H / s, W / s, filters]
 * @param asIdentity begin as the identity, with the last scale at zero (Goyal et al. 2017, section 5.1), where input and output have the same shape and the input is not
 *   negative: put into a trained network, such a block leaves it what it is
 */
export function residualBlock(
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  strides: number,
  seeds: Seeds,
  asIdentity = false,
): tf.SymbolicTensor {
  const first = relu(convNorm(x, `${name}_1`, filters, 3, strides, seeds), `${name}_1`);
  const second = convNorm(first, `${name}_2`, filters, 3, 1, seeds, asIdentity ? 0 : 1);
  const same = strides === 1 && x.shape.at(-1) === filters;
  const shortcut = same ? x : convNorm(x, `${name}_shortcut`, filters, 1, strides, seeds);
  return relu(tf.layers.add({ name: `${name}_sum` }).apply([second, shortcut]) as tf.SymbolicTensor, name);
}

import { tf } from '../tfjs.js';

/** An attribute of a TensorFlow operation, as tfjs-node hands it to the C library. */
interface OpAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_... numbers. */
  readonly type: number;
  readonly value: number | boolean | string;
}

/** The part of tfjs-node's backend that runs TensorFlow operations directly, without recording gradients. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_BOOL: number;
  };
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.Tensor[],
    numOutputs: number,
  ): tf.Tensor[];
}

/** The current engine if it is TensorFlow's C library (tfjs-node, CPU or GPU), else null. */
export function nativeBackend(): NativeBackend | null {
  if (tf.getBackend() !== 'tensorflow') return null;
  const backend = tf.backend() as unknown as Partial<NativeBackend>;
  return backend.binding !== undefined && typeof backend.executeMultipleOutputs === 'function'
    ? (backend as NativeBackend)
    : null;
}

/** Outputs of TensorFlow's kernel; the caller disposes them. */
interface NativeBatchNorm {
  /** [..., C] */
  readonly y: tf.Tensor;
  /** The batch's own mean and (biased) variance. [C] */
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  /** Inputs for the gradient kernel; device-dependent: the variance on a CPU, its inverse root with cuDNN. */
  readonly reserved: readonly tf.Tensor[];
}

/** The gradient with respect to x [..., C], gamma [C] and beta [C]: the caller disposes all three. */
type NativeBatchNormGradient = readonly [dx: tf.Tensor, dGamma: tf.Tensor1D, dBeta: tf.Tensor1D];

/** Normalises a batch with TensorFlow's fused kernel. x [..., C], gamma [C], beta [C]. */
export function nativeBatchNorm(
  backend: NativeBackend,
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): NativeBatchNorm {
  const count = x.size / x.shape.at(-1)!;
  const none = tf.tensor1d([], 'float32'); // no moving statistics
  const images = asImages(x);
  const [y, mean, unbiased, ...reserved] = backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    attributes(backend, epsilon),
    [images, gamma, beta, none, none],
    6,
  );
  // The kernel divides the sum of squares by max(count - 1, 1).
  const variance = unbiased!.mul<tf.Tensor1D>(Math.max(count - 1, 1) / count); // [C]
  const shaped = y!.reshape(x.shape);
  tf.dispose([none, images, unbiased!, y!]);
  return { y: shaped, mean: mean as tf.Tensor1D, variance, reserved };
}

/** The gradient of nativeBatchNorm. dy [..., C], x [..., C], gamma [C]. */
export function nativeBatchNormGradient(
  backend: NativeBackend,
  dy: tf.Tensor,
  x: tf.Tensor,
  gamma: tf.Tensor,
  reserved: readonly tf.Tensor[],
  epsilon: number,
): NativeBatchNormGradient {
  const inputs = [asImages(dy), asImages(x), gamma, ...reserved];
  const [dx, dGamma, dBeta, ...unused] = backend.executeMultipleOutputs(
    'FusedBatchNormGradV3',
    attributes(backend, epsilon),
    inputs,
    5,
  );
  const shaped = dx!.reshape(x.shape);
  tf.dispose([inputs[0]!, inputs[1]!, dx!, ...unused]);
  return [shaped, dGamma as tf.Tensor1D, dBeta as tf.Tensor1D];
}

/** [..., C] -> [1, N, 1, C] unless it has four axes already. */
function asImages(x: tf.Tensor): tf.Tensor {
  const channels = x.shape.at(-1)!;
  return x.reshape(x.rank === 4 ? x.shape : [1, x.size / channels, 1, channels]);
}

function attributes({ binding }: NativeBackend, epsilon: number): OpAttribute[] {
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'U', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: epsilon },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: binding.TF_ATTR_BOOL, value: true },
  ];
}

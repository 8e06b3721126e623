import type * as core from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';

type Core = typeof core;

/** Methods that are the operation of the same name, with the tensor as its first argument. */
const OPERATIONS = `
  abs acos acosh add all any argMax argMin asin asinh atan atan2 atanh avgPool batchNorm batchToSpaceND broadcastTo cast ceil clipByValue conv1d
  conv2d conv2dTranspose cos cosh cumprod cumsum depthToSpace depthwiseConv2d dilation2d div divNoNan dot elu equal erf euclideanNorm exp expandDims
  expm1 fft floor floorDiv gather greater greaterEqual ifft irfft isFinite isInf isNaN leakyRelu less lessEqual localResponseNormalization log log1p
  logSigmoid logSoftmax logSumExp logicalAnd logicalNot logicalOr logicalXor matMul max maxPool maximum mean min minimum mirrorPad mod mul neg norm
  notEqual oneHot onesLike pad pool pow prelu prod reciprocal relu relu6 reshape reverse rfft round rsqrt selu separableConv2d sigmoid sign sin sinh
  slice softmax softplus spaceToBatchND split sqrt square squaredDifference squeeze step stridedSlice sub sum tan tanh tile topk transpose unique
  unsortedSegmentSum unstack zerosLike`;

/** All others. */
const OTHERS = (tf: Core): Record<string, (this: Tensor, ...args: never[]) => unknown> => ({
  as1D(): unknown {
    return tf.reshape(this, [this.size]);
  },
  asScalar(): unknown {
    return tf.reshape(this, []);
  },
  asType(dtype: core.DataType): unknown {
    return tf.cast(this, dtype);
  },
  concat(others: Tensor | Tensor[], axis?: number): unknown {
    return tf.concat([this, ...[others].flat()], axis);
  },
  flatten(): unknown {
    return tf.reshape(this, [this.size]);
  },
  reshapeAs(other: Tensor): unknown {
    return tf.reshape(this, other.shape);
  },
  resizeBilinear(...args: [[number, number]]): unknown {
    return tf.image.resizeBilinear(this as core.Tensor4D, ...args);
  },
  resizeNearestNeighbor(...args: [[number, number]]): unknown {
    return tf.image.resizeNearestNeighbor(this as core.Tensor4D, ...args);
  },
  stack(others: Tensor | Tensor[], axis?: number): unknown {
    return tf.stack([this, ...[others].flat()], axis);
  },
  toBool(): unknown {
    return tf.cast(this, 'bool');
  },
  toFloat(): unknown {
    return tf.cast(this, 'float32');
  },
  toInt(): unknown {
    return tf.cast(this, 'int32');
  },
  where(condition: Tensor, other: Tensor): unknown {
    return tf.where(condition, this, other);
  },
  ...Object.fromEntries(
    ['as2D', 'as3D', 'as4D', 'as5D'].map((name) => [
      name,
      function (this: Tensor, ...shape: number[]): unknown {
        return tf.reshape(this, shape);
      },
    ]),
  ),
});

/**
 * Gives tensors their operations as methods (`a.add(b)`). TensorFlow.js has them in ES modules that Node cannot load together with the CommonJS core, and
 * in a union package of 140 MB. What exists already stays.
 */
export function installTensorMethods(tf: Core): void {
  const operations = tf as unknown as Record<string, (tensor: Tensor, ...args: unknown[]) => unknown>;
  const methods = Object.fromEntries(
    OPERATIONS.trim()
      .split(/\s+/)
      .map((name) => [
        name,
        function (this: Tensor, ...args: unknown[]): unknown {
          return operations[name]!(this, ...args);
        },
      ]),
  );
  const prototype = tf.Tensor.prototype as object;
  for (const [name, value] of Object.entries({ ...methods, ...OTHERS(tf) })) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';
import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import type * as tfjsLayers from '@tensorflow/tfjs-layers';
import { FerError } from '../errors/fer-error.js';

type TensorFlow = Omit<typeof core, 'default'> & Omit<typeof tfjsLayers, 'default'>;

let loaded: TensorFlow | null = null;

/**
 * TensorFlow.js: its core and its layers, which also register the gradients.
 *
 * The packages are loaded at the first use, so that importing ferstream is cheap, and by `require`: an `import` of these CommonJS files takes
 * four times as long, as Node searches them for names to export. All code goes through this one object, so a process has one copy of the core.
 */
export const tf: TensorFlow = new Proxy({} as TensorFlow, {
  get: (_, name) => Reflect.get((loaded ??= load()), name) as unknown,
  has: (_, name) => Reflect.has((loaded ??= load()), name),
});

/**
 * Called before the first tensor: without an engine, TensorFlow.js fails in whatever it is asked for first, such as reading weights.
 * @throws FerError BACKEND_UNAVAILABLE
 */
export function requireEngine(): void {
  try {
    // Opens the one that a program has registered itself.
    tf.backend();
  } catch (error) {
    throw new FerError('BACKEND_UNAVAILABLE', 'no engine is open: await openBackend() first', { cause: error });
  }
}

function load(): TensorFlow {
  const require = createRequire(import.meta.url);
  const tfjsCore = require('@tensorflow/tfjs-core') as typeof core;
  installTensorMethods(tfjsCore);
  return { ...tfjsCore, ...(require('@tensorflow/tfjs-layers') as typeof tfjsLayers) };
}

/** Types of TensorFlow.js under the same name. */
/* eslint-disable @typescript-eslint/no-namespace -- an object cannot carry types otherwise */
export declare namespace tf {
  type DataId = core.DataId;
  type DataType = core.DataType;
  type GradSaveFunc = core.GradSaveFunc;
  type KernelConfig = core.KernelConfig;
  type KernelFunc = core.KernelFunc;
  type NamedTensorMap = core.NamedTensorMap;
  type Rank = core.Rank;
  type Scalar = core.Scalar;
  type Tensor<R extends core.Rank = core.Rank> = core.Tensor<R>;
  type Tensor1D = core.Tensor1D;
  type Tensor2D = core.Tensor2D;
  type Tensor3D = core.Tensor3D;
  type Tensor4D = core.Tensor4D;
  type TensorInfo = core.TensorInfo;
  type Variable<R extends core.Rank = core.Rank> = core.Variable<R>;

  type LayerVariable = tfjsLayers.LayerVariable;
  type LayersModel = tfjsLayers.LayersModel;
  type Sequential = tfjsLayers.Sequential;
  type Shape = tfjsLayers.Shape;
  type SymbolicTensor = tfjsLayers.SymbolicTensor;

  namespace Rank {
    type R1 = core.Rank.R1;
    type R2 = core.Rank.R2;
    type R3 = core.Rank.R3;
    type R4 = core.Rank.R4;
  }
  namespace backend_util {
    type BackendValues = core.backend_util.BackendValues;
    type TypedArray = core.backend_util.TypedArray;
  }
  namespace io {
    type IOHandler = core.io.IOHandler;
    type ModelArtifacts = core.io.ModelArtifacts;
    type ModelJSON = core.io.ModelJSON;
    type SaveResult = core.io.SaveResult;
    type WeightData = core.io.WeightData;
    type WeightsManifestEntry = core.io.WeightsManifestEntry;
  }
  namespace layers {
    type Layer = tfjsLayers.layers.Layer;
  }
  namespace serialization {
    type ConfigDict = core.serialization.ConfigDict;
  }
}

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
const OTHERS = (tf: typeof core): Record<string, (this: core.Tensor, ...args: never[]) => unknown> => ({
  as1D(): unknown {
    return tf.reshape(this, [this.size]);
  },
  asScalar(): unknown {
    return tf.reshape(this, []);
  },
  asType(dtype: core.DataType): unknown {
    return tf.cast(this, dtype);
  },
  concat(others: core.Tensor | core.Tensor[], axis?: number): unknown {
    return tf.concat([this, ...[others].flat()], axis);
  },
  flatten(): unknown {
    return tf.reshape(this, [this.size]);
  },
  reshapeAs(other: core.Tensor): unknown {
    return tf.reshape(this, other.shape);
  },
  resizeBilinear(...args: [[number, number]]): unknown {
    return tf.image.resizeBilinear(this as core.Tensor4D, ...args);
  },
  resizeNearestNeighbor(...args: [[number, number]]): unknown {
    return tf.image.resizeNearestNeighbor(this as core.Tensor4D, ...args);
  },
  stack(others: core.Tensor | core.Tensor[], axis?: number): unknown {
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
  where(condition: core.Tensor, other: core.Tensor): unknown {
    return tf.where(condition, this, other);
  },
  ...Object.fromEntries(
    ['as2D', 'as3D', 'as4D', 'as5D'].map((name) => [
      name,
      function (this: core.Tensor, ...shape: number[]): unknown {
        return tf.reshape(this, shape);
      },
    ]),
  ),
});

/**
 * Gives tensors their operations as methods (`a.add(b)`). TensorFlow.js has them in ES modules that Node cannot load together with the CommonJS core, and
 * in a union package of 140 MB. What exists already stays.
 */
function installTensorMethods(tf: typeof core): void {
  const operations = tf as unknown as Record<string, (tensor: core.Tensor, ...args: unknown[]) => unknown>;
  const methods = Object.fromEntries(
    OPERATIONS.trim()
      .split(/\s+/)
      .map((name) => [
        name,
        function (this: core.Tensor, ...args: unknown[]): unknown {
          return operations[name]!(this, ...args);
        },
      ]),
  );
  const prototype = tf.Tensor.prototype as object;
  for (const [name, value] of Object.entries({ ...methods, ...OTHERS(tf) })) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

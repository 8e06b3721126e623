import * as tf from '@tensorflow/tfjs';

/** An attribute of a TensorFlow operation, as tfjs-node hands it to the C library. */
export interface OpAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_... numbers. */
  readonly type: number;
  readonly value: number | boolean | string;
}

/** The part of tfjs-node's backend through which TensorFlow's own operations can be run. Nothing run this way is recorded for gradients. */
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

/** The engine in use, if it is TensorFlow's C library (tfjs-node, on a CPU or a GPU); null on every other. */
export function nativeBackend(): NativeBackend | null {
  if (tf.getBackend() !== 'tensorflow') return null;
  const backend = tf.backend() as unknown as Partial<NativeBackend>;
  return backend.binding !== undefined && typeof backend.executeMultipleOutputs === 'function'
    ? (backend as NativeBackend)
    : null;
}

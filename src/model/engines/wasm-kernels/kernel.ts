import { tf } from '../../tfjs.js';

/** Arguments of a kernel from TensorFlow.js. Inputs are tensors, so that it can compose other operations. */
export interface KernelCall {
  readonly inputs: Record<string, tf.Tensor>;
  readonly attrs: Record<string, unknown>;
  readonly backend: WasmBackend;
}

/** The part of tfjs-backend-wasm that kernels written in JavaScript need. */
export interface WasmBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  /** View of the values in WebAssembly memory, valid until the kernel returns. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array;
}

export type Kernel = (call: KernelCall) => tf.TensorInfo;

/** The engine's own kernel of that name; undefined when it has none. */
export function stockKernel(name: string): Kernel | undefined {
  return registered(name)?.kernelFunc as unknown as Kernel | undefined;
}

/** TensorFlow.js declares the kernel as always there. */
function registered(name: string): tf.KernelConfig | undefined {
  return tf.getKernel(name, 'wasm');
}

/** Adds or replaces a kernel; the setup and teardown of a replaced one are kept. */
export function installKernel(name: string, kernel: Kernel): void {
  const stock = registered(name);
  if (stock) tf.unregisterKernel(name, 'wasm');
  tf.registerKernel({
    ...stock,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: kernel as unknown as tf.KernelFunc,
  });
}

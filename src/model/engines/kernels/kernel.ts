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
  /** One tensor more uses these values. */
  incRef(dataId: tf.DataId): void;
}

export type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** The engine's own kernel of that name; undefined when it has none. */
export function stockKernel(engine: string, name: string): tf.KernelFunc | undefined {
  return registered(engine, name)?.kernelFunc;
}

/** TensorFlow.js declares the kernel as always there. */
function registered(engine: string, name: string): tf.KernelConfig | undefined {
  return tf.getKernel(name, engine);
}

/** Adds or replaces a kernel; the setup and teardown of a replaced one are kept. */
export function installKernel(engine: string, name: string, kernel: tf.KernelFunc): void {
  const stock = registered(engine, name);
  if (stock) tf.unregisterKernel(name, engine);
  tf.registerKernel({ ...stock, kernelName: name, backendName: engine, kernelFunc: kernel });
}

/** Sizes of one convolution in NHWC layout. */
export type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** @throws Error for sizes that do not fit */
export function convInfo(
  attrs: Readonly<Record<string, unknown>>,
  inputShape: readonly number[],
  filterShape: readonly number[],
  depthwise = false,
): ConvInfo {
  return tf.backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs['strides'] as [number, number],
    (attrs['dilations'] ?? 1) as [number, number],
    attrs['pad'] as 'same',
    attrs['dimRoundingMode'] as 'floor' | undefined,
    depthwise,
  );
}

/** One convolution's sizes, for rows and columns: what its two gradients need to know of it. */
export interface ConvGeometry {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly rows: AxisGeometry;
  readonly cols: AxisGeometry;
}

/** A convolution along one axis. */
export interface AxisGeometry {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  /** Zeros before the first value. */
  readonly padBefore: number;
}

/** @throws Error for channels-first data, which the wasm engine does not convolve either. */
export function convGeometry(
  attrs: KernelCall['attrs'],
  inputShape: number[],
  filterShape: number[],
  depthwise = false,
): ConvGeometry {
  const format = (attrs['dataFormat'] ?? 'NHWC') as string;
  if (format !== 'NHWC') throw new Error(`gradients of convolutions on wasm are for NHWC data, not ${format}`);
  const info = convInfo(attrs, inputShape, filterShape, depthwise);
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1)
    throw new Error('gradients of dilated convolutions are not supported by TensorFlow.js');
  const { inHeight, outHeight, filterHeight, strideHeight, inWidth, outWidth, filterWidth, strideWidth, padInfo } =
    info;
  return {
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    rows: { input: inHeight, output: outHeight, kernel: filterHeight, stride: strideHeight, padBefore: padInfo.top },
    cols: { input: inWidth, output: outWidth, kernel: filterWidth, stride: strideWidth, padBefore: padInfo.left },
  };
}

/** Explicit padding for tf.conv2d. */
export type Padding = [[number, number], [number, number], [number, number], [number, number]];

/** Negative padding is cropping, which tf.conv2d does not do: crops x and returns the padding that remains. */
export function cropNegative(
  x: tf.Tensor4D,
  rows: [number, number],
  cols: [number, number],
): { cropped: tf.Tensor4D; padding: Padding } {
  const padding: Padding = [
    [0, 0],
    [Math.max(0, rows[0]), Math.max(0, rows[1])],
    [Math.max(0, cols[0]), Math.max(0, cols[1])],
    [0, 0],
  ];
  const crop = (pad: number): number => Math.max(0, -pad);
  if (Math.min(...rows, ...cols) >= 0) return { cropped: x, padding };
  const [b, h, w, c] = x.shape;
  const begin: [number, number, number, number] = [0, crop(rows[0]), crop(cols[0]), 0];
  const size: [number, number, number, number] = [b, h - begin[1] - crop(rows[1]), w - begin[2] - crop(cols[1]), c];
  return { cropped: tf.slice(x, begin, size), padding };
}

import { tf } from '../../tfjs.js';
import { conv2dBackpropFilter, conv2dBackpropInput } from './conv2d-backprop.js';
import { installKernel, stockKernel } from './kernel.js';
import type { KernelCall, Kernel } from './kernel.js';
import { convGeometry } from './kernel.js';
import type { AxisGeometry } from './kernel.js';

/** Multiplications per matrix product below which splitting the batch does not pay. */
const WORTH_CUTTING = 16_384;

/**
 * Fast matMul for the wasm engine, which has a fast product for two plain matrices but a plain loop for transposed or
 * batched ones. So transpose first, fold a batch that shares one right-hand matrix into rows, and else go product by product.
 */
export function batchMatMul(stock: Kernel): Kernel {
  return (call: KernelCall): tf.TensorInfo => {
    const a = call.inputs['a']!; // [..., M, K], or [..., K, M] when transposeA
    const b = call.inputs['b']!; // [..., K, N], or [..., N, K] when transposeB
    const transposeA = call.attrs['transposeA'] === true;
    const transposeB = call.attrs['transposeB'] === true;
    const [aRows, aCols] = lastTwo(a);
    const [bRows, bCols] = lastTwo(b);
    const rows = transposeA ? aCols : aRows; // M
    const inner = transposeA ? aRows : aCols; // K
    const columns = transposeB ? bRows : bCols; // N
    const batchA = a.size / (aRows * aCols);
    const batchB = b.size / (bRows * bCols);
    const plain = !transposeA && !transposeB;
    const single = batchA === 1 && batchB === 1;
    const fitting =
      inner === (transposeB ? bCols : bRows) &&
      a.dtype === 'float32' &&
      b.dtype === 'float32' &&
      a.size > 0 &&
      b.size > 0;
    const outer = fitting
      ? tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
      : [];
    const batch = tf.util.sizeFromShape(outer);
    // Every product has either its own matrix on a side, or the one they all share.
    const inStep = (batchA === 1 || batchA === batch) && (batchB === 1 || batchB === batch);
    // The engine has its own errors for these, and is fast enough.
    if (!fitting || !inStep || (plain && single) || rows * inner * columns < WORTH_CUTTING) return stock(call);

    return tf.tidy(() => {
      const product = (left: tf.Tensor, right: tf.Tensor): tf.Tensor =>
        tf.engine().runKernel('BatchMatMul', { a: left, b: right }, { transposeA: false, transposeB: false });
      const left = upright(a, transposeA, batchA); // [A, M, K]
      const right = upright(b, transposeB, batchB); // [B, K, N]
      if (batchB === 1) {
        return product(left.reshape([batchA * rows, inner]), right.reshape([inner, columns])).reshape([
          ...outer,
          rows,
          columns,
        ]);
      }
      const lefts = batchA === 1 ? [left.reshape([rows, inner])] : tf.unstack(left);
      const products = tf.unstack(right).map((matrix, i) => product(lefts[batchA === 1 ? 0 : i]!, matrix)); // B x [M, N]
      return tf.stack(products).reshape([...outer, rows, columns]);
    });
  };
}

function lastTwo(tensor: tf.Tensor): [number, number] {
  return [tensor.shape.at(-2)!, tensor.shape.at(-1)!];
}

function upright(tensor: tf.Tensor, transposed: boolean, batch: number): tf.Tensor {
  const [rows, columns] = lastTwo(tensor);
  const flat = tensor.reshape([batch, rows, columns]);
  return transposed ? tf.transpose(flat, [0, 2, 1]) : flat;
}

// Gradients of a depthwise convolution, which the wasm engine lacks: y[n, i, j, c Q + q] = sum over k, l of
// x[n, s i + k - p, s j + l - p, c] w[k, l, c, q]. There is too little arithmetic in them for a matrix product to pay,
// so they are plain loops over the engine's memory, channels innermost.

/** dW[k, l, c, q] */
export function depthwiseBackpropFilter({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const x = inputs['x']!; // [N, H, W, C]
  const dy = inputs['dy']!; // [N, I, J, C Q]
  const filterShape = attrs['filterShape'] as [number, number, number, number]; // [K, L, C, Q]
  const output = backend.makeOutput(filterShape, 'float32');
  const filter = backend.typedArrayFromHeap(output);
  filter.fill(0);
  const image = backend.typedArrayFromHeap(x);
  const gradient = backend.typedArrayFromHeap(dy);
  visitTaps(attrs, x.shape, filterShape, (xAt, wAt, yAt, channels, multiplier) => {
    for (let c = 0; c < channels; c++) {
      const value = image[xAt + c]!;
      for (let q = c * multiplier; q < (c + 1) * multiplier; q++) filter[wAt + q]! += value * gradient[yAt + q]!;
    }
  });
  return output;
}

/** dx[n, h, w, c] */
export function depthwiseBackpropInput({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const dy = inputs['dy']!; // [N, I, J, C Q]
  const filter = inputs['filter']!; // [K, L, C, Q]
  const inputShape = attrs['inputShape'] as number[]; // [N, H, W, C]
  const output = backend.makeOutput(inputShape, 'float32');
  const image = backend.typedArrayFromHeap(output);
  image.fill(0);
  const gradient = backend.typedArrayFromHeap(dy);
  const weights = backend.typedArrayFromHeap(filter);
  visitTaps(attrs, inputShape, filter.shape, (xAt, wAt, yAt, channels, multiplier) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let q = c * multiplier; q < (c + 1) * multiplier; q++) sum += weights[wAt + q]! * gradient[yAt + q]!;
      image[xAt + c]! += sum;
    }
  });
  return output;
}

type Tap = (xAt: number, wAt: number, yAt: number, channels: number, multiplier: number) => void;

/** Calls back with the offsets of x, w and y for every output position and every tap that falls inside the picture. */
function visitTaps(attrs: KernelCall['attrs'], inputShape: number[], filterShape: number[], tap: Tap): void {
  const { batch, inChannels: channels, outChannels, rows, cols } = convGeometry(attrs, inputShape, filterShape, true);
  const multiplier = outChannels / channels;
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < rows.output; i++) {
      const [firstK, endK] = taps(rows, i);
      for (let j = 0; j < cols.output; j++) {
        const [firstL, endL] = taps(cols, j);
        const yAt = ((n * rows.output + i) * cols.output + j) * outChannels;
        for (let k = firstK; k < endK; k++) {
          const h = rows.stride * i + k - rows.padBefore;
          for (let l = firstL; l < endL; l++) {
            const w = cols.stride * j + l - cols.padBefore;
            tap(
              ((n * rows.input + h) * cols.input + w) * channels,
              (k * cols.kernel + l) * outChannels,
              yAt,
              channels,
              multiplier,
            );
          }
        }
      }
    }
  }
}

/** The taps of output position `at` that fall inside the picture: from the first to before the second. */
function taps({ input, kernel, stride, padBefore }: AxisGeometry, at: number): [number, number] {
  const start = stride * at - padBefore;
  return [Math.max(0, -start), Math.min(kernel, input - start)];
}

/** Sums the rows of x that carry the same segment number, as the gradient of tf.gather needs; the wasm engine lacks it. */
function unsortedSegmentSum({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const x = inputs['x']!; // [N, ...]
  const segmentIds = inputs['segmentIds']!; // [N]
  const count = attrs['numSegments'] as number;
  const rest = x.shape.slice(1);
  const width = rest.reduce((product, size) => product * size, 1);
  const output = backend.makeOutput([count, ...rest], x.dtype); // [S, ...]
  // Views are taken after the output is made: making it may move WebAssembly's memory.
  const sums = backend.typedArrayFromHeap(output);
  const values = backend.typedArrayFromHeap(x);
  const segments = backend.typedArrayFromHeap(segmentIds);
  sums.fill(0);
  for (let row = 0; row < segments.length; row++) {
    const segment = segments[row]!;
    // As TensorFlow does it: rows of segments that are not there are left out.
    if (segment < 0 || segment >= count) continue;
    for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
  }
  return output;
}

let installed = false;

/** Adds kernels for training that the wasm engine lacks or has only slow ones for. Idempotent. */
export function installTrainingKernels(): void {
  if (installed) return;
  installed = true;
  const install = (name: string, kernel: Kernel): void => {
    installKernel('wasm', name, kernel as unknown as tf.KernelFunc);
  };
  const stockMatMul = stockKernel('wasm', 'BatchMatMul') as unknown as Kernel | undefined;
  if (stockMatMul) install('BatchMatMul', batchMatMul(stockMatMul));
  install('Conv2DBackpropFilter', conv2dBackpropFilter);
  install('Conv2DBackpropInput', conv2dBackpropInput);
  install('DepthwiseConv2dNativeBackpropFilter', depthwiseBackpropFilter);
  install('DepthwiseConv2dNativeBackpropInput', depthwiseBackpropInput);
  install('UnsortedSegmentSum', unsortedSegmentSum);
}

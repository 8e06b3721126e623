import { tf } from '../../tfjs.js';
import {
  conv2dBackpropFilter,
  conv2dBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
} from './conv2d-backprop.js';
import { installKernel, stockKernel } from './kernel.js';
import type { KernelCall, Kernel } from './kernel.js';

/** Multiplications per matrix product below which splitting the batch does not pay. */
const WORTH_CUTTING = 16_384;

/**
 * Fast matMul for the wasm engine, which has a fast product for two plain matrices but a plain loop for transposed or
 * batched ones. So transpose first, fold a batch that shares one right-hand matrix into rows, and else go product by product.
 */
function batchMatMul(stock: Kernel): Kernel {
  return (call) => {
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
        tf
          .engine()
          .runKernel<tf.Tensor>('BatchMatMul', { a: left, b: right }, { transposeA: false, transposeB: false });
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

/**
 * Sums over all rows, in double precision: S1[c] = sum of (a - p[c]), S2[c] = sum of (a - p[c]) (b - q[c]). Four channels at a time stay in registers: twice as fast
 * as row by row.
 * @param a [..., C]
 * @param b [..., C]
 * @param p [C]
 * @param q [C]
 */
function shiftedSums(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  p: ArrayLike<number>,
  q: ArrayLike<number>,
): readonly [Float64Array, Float64Array] {
  const channels = p.length;
  const [first, second] = [new Float64Array(channels), new Float64Array(channels)];
  // The last four overlap those before them where C is not a multiple of 4.
  for (let block = 0; block < channels && channels >= 4; block += 4) {
    const c = Math.min(block, channels - 4);
    // One by one: destructuring arrays would slow the loop.
    const p0 = p[c]!;
    const p1 = p[c + 1]!;
    const p2 = p[c + 2]!;
    const p3 = p[c + 3]!;
    const q0 = q[c]!;
    const q1 = q[c + 1]!;
    const q2 = q[c + 2]!;
    const q3 = q[c + 3]!;
    let [s0, s1, s2, s3, t0, t1, t2, t3] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = c; i < a.length; i += channels) {
      const a0 = a[i]! - p0;
      const a1 = a[i + 1]! - p1;
      const a2 = a[i + 2]! - p2;
      const a3 = a[i + 3]! - p3;
      s0 += a0;
      s1 += a1;
      s2 += a2;
      s3 += a3;
      t0 += a0 * (b[i]! - q0);
      t1 += a1 * (b[i + 1]! - q1);
      t2 += a2 * (b[i + 2]! - q2);
      t3 += a3 * (b[i + 3]! - q3);
    }
    first.set([s0, s1, s2, s3], c);
    second.set([t0, t1, t2, t3], c);
  }
  for (let c = 0; c < channels && channels < 4; c += 1) {
    for (let i = c; i < a.length; i += channels) {
      first[c]! += a[i]! - p[c]!;
      second[c]! += (a[i]! - p[c]!) * (b[i]! - q[c]!);
    }
  }
  return [first, second];
}

/** Mean and biased variance by channel. x [..., C] -> [C], [C] */
function channelMoments({ inputs, backend }: KernelCall): tf.TensorInfo[] {
  const x = inputs['x']!;
  const channels = x.shape.at(-1)!;
  const outputs = [backend.makeOutput([channels], 'float32'), backend.makeOutput([channels], 'float32')];
  const values = backend.typedArrayFromHeap(x);
  const [mean, variance] = outputs.map((output) => backend.typedArrayFromHeap(output));
  const count = x.size / channels;
  // From the first row on, so that a large mean does not swallow a small variance.
  const pivot = Float64Array.from(values.subarray(0, channels));
  const [sums, squares] = shiftedSums(values, values, pivot, pivot);
  for (let c = 0; c < channels; c += 1) {
    const shift = sums[c]! / count;
    mean![c] = pivot[c]! + shift;
    variance![c] = Math.max(0, squares[c]! / count - shift ** 2);
  }
  return outputs;
}

/** sum of dy and sum of dy (x - mean) by channel: all that the gradient of batch normalisation needs. dy, x [..., C], mean [C] -> [C], [C] */
function channelProducts({ inputs, backend }: KernelCall): tf.TensorInfo[] {
  const { dy, x, mean } = inputs as { dy: tf.Tensor; x: tf.Tensor; mean: tf.Tensor };
  const outputs = [backend.makeOutput(mean.shape, 'float32'), backend.makeOutput(mean.shape, 'float32')];
  const [sums, products] = outputs.map((output) => backend.typedArrayFromHeap(output));
  const views = [dy, x, mean].map((tensor) => backend.typedArrayFromHeap(tensor));
  const totals = shiftedSums(views[0]!, views[1]!, new Float64Array(mean.size), Float64Array.from(views[2]!));
  sums!.set(totals[0]);
  products!.set(totals[1]);
  return outputs;
}

/** The same values under another tensor: the engine's own kernel copies them, a fortieth of a training step. */
function identity({ inputs, backend }: KernelCall): tf.TensorInfo {
  const { dataId, shape, dtype } = inputs['x']!;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** Names of kernels that batch normalisation uses where an engine has them. */
export const CHANNEL_MOMENTS = 'FerChannelMoments';
export const CHANNEL_PRODUCTS = 'FerChannelProducts';

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
  install('Identity', identity);
  install(CHANNEL_MOMENTS, channelMoments);
  install(CHANNEL_PRODUCTS, channelProducts);
}

import { tf } from '../../tfjs.js';
import { convGeometry, cropNegative } from './kernel.js';
import type { AxisGeometry } from './kernel.js';
import type { KernelCall } from './kernel.js';

/**
 * Gradient of a convolution by its filter, which the wasm engine lacks:
 * dW[k, l, c, o] = sum over n, i, j of x[n, s i + k - p, s j + l - p, c] dy[n, i, j, o].
 * That is a convolution again, with the batch in the place of the channels, dy as the filter, and the stride as its dilation.
 */
export function conv2dBackpropFilter({ inputs, attrs }: KernelCall): tf.TensorInfo {
  const x = inputs['x'] as tf.Tensor4D; // [N, H, W, C]
  const dy = inputs['dy'] as tf.Tensor4D; // [N, I, J, O]
  const filterShape = attrs['filterShape'] as [number, number, number, number]; // [K, L, C, O]
  const { batch, inChannels, outChannels, rows, cols } = convGeometry(attrs, x.shape, filterShape);

  return tf.tidy(() => {
    if ([rows, cols].every(isOneTap)) {
      const positions = batch * rows.output * cols.output;
      // Of each neighbourhood of s x s places only the first is seen. In two steps, because the engine takes strided slices one value at a time.
      const everyRow = tf
        .reshape(x, [batch * rows.output, rows.stride * cols.input * inChannels])
        .slice([0, 0], [-1, cols.input * inChannels]);
      const seen = everyRow.reshape([positions, cols.stride * inChannels]).slice([0, 0], [-1, inChannels]);
      return tf.matMul(tf.transpose(seen), dy.reshape<tf.Tensor2D>([positions, outChannels])).reshape(filterShape);
    }
    // In two steps, because the engine moves whole runs of N values faster than single ones: [N, HWC] -> [HW, C, N] -> [C, HW, N].
    const positions = rows.input * cols.input;
    const batchLast = tf.transpose(x.reshape([batch, positions * inChannels])).reshape([positions, inChannels, batch]);
    const image = tf.transpose(batchLast, [1, 0, 2]).reshape<tf.Tensor4D>([inChannels, rows.input, cols.input, batch]); // [C, H, W, N]
    const filter = tf.transpose(dy, [1, 2, 0, 3]); // [I, J, N, O]
    // Padded (or cropped) so that exactly K x L positions come out.
    const after = (axis: typeof rows): number =>
      axis.kernel + axis.stride * (axis.output - 1) - axis.input - axis.padBefore;
    const { cropped, padding } = cropNegative(image, [rows.padBefore, after(rows)], [cols.padBefore, after(cols)]);
    const dw = tf.conv2d(cropped, filter, 1, padding, 'NHWC', [rows.stride, cols.stride]); // [C, K, L, O]
    return tf.transpose(dw, [1, 2, 0, 3]); // [K, L, C, O]
  });
}

/**
 * Gradient of a convolution by its input: dx[u] = sum over k of dy[(u + p - k) / s] w[k], where the division leaves no rest.
 * The engine's own kernel is a plain loop. Here the places u = s q + r with the same rest r are a convolution (stride 1) of dy
 * with every s-th tap of the turned filter; the s results are then interleaved. No multiplication by inserted zeros.
 */
export function conv2dBackpropInput({ inputs, attrs }: KernelCall): tf.TensorInfo {
  const dy = inputs['dy'] as tf.Tensor4D; // [N, I, J, O]
  const filter = inputs['filter'] as tf.Tensor4D; // [K, L, C, O]
  const inputShape = attrs['inputShape'] as [number, number, number, number]; // [N, H, W, C]
  const { batch, inChannels, outChannels, rows, cols } = convGeometry(attrs, inputShape, filter.shape);

  return tf.tidy(() => {
    if ([rows, cols].every((axis) => isOneTap(axis) && axis.stride === 1)) {
      const w = filter.reshape<tf.Tensor2D>([inChannels, outChannels]);
      return tf.matMul(dy.reshape<tf.Tensor2D>([-1, outChannels]), tf.transpose(w)).reshape(inputShape);
    }
    const weights = filter.dataSync();
    const colPhases = phases(cols);
    // All column phases share one convolution: their results are neighbouring channels, which is interleaved already.
    const colsFront = Math.max(...colPhases.map(({ front }) => front));
    const colsWidth = Math.max(...colPhases.map(({ shift }) => colsFront + shift + 1));
    const outCols = Math.ceil(cols.input / cols.stride); // Q
    const outRows = Math.ceil(rows.input / rows.stride); // P
    const perPhase = phases(rows).map((row) => {
      if (row.taps === 0) return tf.zeros([batch * outRows, 1, outCols * cols.stride * inChannels]);
      const size = { height: row.taps, width: colsWidth, outChannels, inChannels, phases: cols.stride };
      const turned = new Float32Array(row.taps * colsWidth * outChannels * cols.stride * inChannels); // [taps, width, O, s, C]
      for (let m = 0; m < row.taps; m++) {
        colPhases.forEach((col, phase) => {
          for (let n = 0; n < col.taps; n++) {
            const from =
              ((row.rest + rows.stride * m) * cols.kernel + col.rest + cols.stride * n) * inChannels * outChannels;
            const to = ((row.taps - 1 - m) * colsWidth + colsFront + col.shift - n) * outChannels;
            copyTransposed(weights, from, turned, (to * cols.stride + phase) * inChannels, size);
          }
        });
      }
      const sub = tf.tensor4d(turned, [row.taps, colsWidth, outChannels, cols.stride * inChannels]);
      const rowPadding: [number, number] = [row.front, outRows - rows.output + row.shift];
      const colPadding: [number, number] = [colsFront, outCols + colsWidth - 1 - cols.output - colsFront];
      const { cropped, padding } = cropNegative(dy, rowPadding, colPadding);
      return tf.conv2d(cropped, sub, 1, padding).reshape([batch * outRows, 1, outCols * cols.stride * inChannels]); // [N P, 1, Q s C]
    });
    const whole = tf
      .concat(perPhase, 1)
      .reshape<tf.Tensor4D>([batch, outRows * rows.stride, outCols * cols.stride, inChannels]); // [N, s P, s Q, C]
    return whole.shape[1] === rows.input && whole.shape[2] === cols.input
      ? whole
      : tf.slice(whole, [0, 0, 0, 0], inputShape);
  });
}

/** The places u = s q + r' of one axis, for one r'. */
interface Phase {
  /** Taps rest, rest + s, rest + 2 s, ... of the filter reach these places. */
  readonly rest: number;
  readonly taps: number;
  /** dx[s q + r'] = sum over m of dy[q + shift - m] w[rest + s m]. */
  readonly shift: number;
  /** Zeros needed before dy (negative: values of dy not needed). */
  readonly front: number;
}

function phases({ kernel, stride, padBefore }: AxisGeometry): Phase[] {
  return Array.from({ length: stride }, (_, phase) => {
    const rest = (phase + padBefore) % stride;
    const taps = Math.max(0, Math.ceil((kernel - rest) / stride));
    const shift = Math.floor((phase + padBefore) / stride);
    return { rest, taps, shift, front: taps - 1 - shift };
  });
}

/** One tap: from [C, O] to [O, C], whose rows are `phases` times C apart. */
function copyTransposed(
  from: ArrayLike<number>,
  fromOffset: number,
  to: Float32Array,
  toOffset: number,
  { inChannels, outChannels, phases: step }: { inChannels: number; outChannels: number; phases: number },
): void {
  for (let c = 0; c < inChannels; c++) {
    for (let o = 0; o < outChannels; o++)
      to[toOffset + o * step * inChannels + c] = from[fromOffset + c * outChannels + o]!;
  }
}

/** Each output is made of one input, the first of every s, without padding. */
function isOneTap({ kernel, stride, output, input, padBefore }: AxisGeometry): boolean {
  return kernel === 1 && padBefore === 0 && output * stride === input;
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

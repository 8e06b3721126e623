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
    if ([rows, cols].every(isPointwise)) {
      const positions = batch * rows.input * cols.input;
      return tf
        .matMul(tf.transpose(x.reshape([positions, inChannels])), dy.reshape<tf.Tensor2D>([positions, outChannels]))
        .reshape(filterShape);
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
    if ([rows, cols].every(isPointwise)) {
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

/** Each output is made of one input, at the same place. */
function isPointwise({ kernel, stride, output, input }: AxisGeometry): boolean {
  return kernel === 1 && stride === 1 && output === input;
}

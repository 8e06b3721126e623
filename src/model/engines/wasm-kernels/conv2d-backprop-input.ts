import * as tf from '@tensorflow/tfjs';
import { convGeometry, cropNegative } from './conv-geometry.js';
import type { AxisGeometry } from './conv-geometry.js';
import type { KernelCall } from './kernel.js';

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
    const pointwise =
      rows.kernel === 1 &&
      cols.kernel === 1 &&
      rows.stride === 1 &&
      cols.stride === 1 &&
      rows.output === rows.input &&
      cols.output === cols.input;
    if (pointwise) {
      const w = filter.reshape<tf.Tensor2D>([inChannels, outChannels]);
      return tf.matMul(dy.reshape<tf.Tensor2D>([-1, outChannels]), tf.transpose(w)).reshape(inputShape);
    }
    const weights = filter.dataSync();
    const colPhases = phases(cols);
    // All column phases share one convolution: their results lie beside one another as channels, which is interleaved already.
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

/** One tap: from [C, O] to [O, C], whose rows lie `phases` times C apart. */
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

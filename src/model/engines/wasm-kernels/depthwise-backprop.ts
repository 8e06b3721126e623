import type { tf } from '../../tfjs.js';
import { convGeometry } from './conv-geometry.js';
import type { AxisGeometry } from './conv-geometry.js';
import type { KernelCall } from './kernel.js';

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

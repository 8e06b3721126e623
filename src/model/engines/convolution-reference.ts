import type { ConvInfo } from './kernels/kernel.js';

/** One value of a convolution or of its gradients. */
export interface ReferenceValue {
  readonly value: number;
  /** Root of the summed squares of its terms: the size of a sum whose terms have random signs. */
  readonly scale: number;
}

type Values = Float32Array | Int32Array | Uint8Array;

/** y[at] of y = conv2d(x, filter), by the definition. Slow, for single values. */
export function outputAt(info: ConvInfo, x: Values, filter: Values, at: number): ReferenceValue {
  const [b, row, col, out] = unravel(at, [info.batchSize, info.outHeight, info.outWidth, info.outChannels]);
  const sum = new Sum();
  for (let ky = 0; ky < info.filterHeight; ky += 1) {
    const y = row * info.strideHeight + ky * info.dilationHeight - info.padInfo.top;
    if (y < 0 || y >= info.inHeight) continue;
    for (let kx = 0; kx < info.filterWidth; kx += 1) {
      const z = col * info.strideWidth + kx * info.dilationWidth - info.padInfo.left;
      if (z < 0 || z >= info.inWidth) continue;
      const from = ((b * info.inHeight + y) * info.inWidth + z) * info.inChannels;
      const tap = (ky * info.filterWidth + kx) * info.inChannels;
      for (let c = 0; c < info.inChannels; c += 1) sum.add(x[from + c]! * filter[(tap + c) * info.outChannels + out]!);
    }
  }
  return sum;
}

/** dx[at] of y = conv2d(x, filter) for the gradient dy. */
export function inputGradientAt(info: ConvInfo, dy: Values, filter: Values, at: number): ReferenceValue {
  const [b, row, col, c] = unravel(at, [info.batchSize, info.inHeight, info.inWidth, info.inChannels]);
  const sum = new Sum();
  for (let ky = 0; ky < info.filterHeight; ky += 1) {
    const y = (row + info.padInfo.top - ky * info.dilationHeight) / info.strideHeight;
    if (!Number.isInteger(y) || y < 0 || y >= info.outHeight) continue;
    for (let kx = 0; kx < info.filterWidth; kx += 1) {
      const z = (col + info.padInfo.left - kx * info.dilationWidth) / info.strideWidth;
      if (!Number.isInteger(z) || z < 0 || z >= info.outWidth) continue;
      const from = ((b * info.outHeight + y) * info.outWidth + z) * info.outChannels;
      const tap = ((ky * info.filterWidth + kx) * info.inChannels + c) * info.outChannels;
      for (let out = 0; out < info.outChannels; out += 1) sum.add(dy[from + out]! * filter[tap + out]!);
    }
  }
  return sum;
}

/** dfilter[at] of y = conv2d(x, filter) for the gradient dy. */
export function filterGradientAt(info: ConvInfo, x: Values, dy: Values, at: number): ReferenceValue {
  const [ky, kx, c, out] = unravel(at, [info.filterHeight, info.filterWidth, info.inChannels, info.outChannels]);
  const sum = new Sum();
  for (let b = 0; b < info.batchSize; b += 1) {
    for (let row = 0; row < info.outHeight; row += 1) {
      const y = row * info.strideHeight + ky * info.dilationHeight - info.padInfo.top;
      if (y < 0 || y >= info.inHeight) continue;
      for (let col = 0; col < info.outWidth; col += 1) {
        const z = col * info.strideWidth + kx * info.dilationWidth - info.padInfo.left;
        if (z < 0 || z >= info.inWidth) continue;
        sum.add(
          x[((b * info.inHeight + y) * info.inWidth + z) * info.inChannels + c]! *
            dy[((b * info.outHeight + row) * info.outWidth + col) * info.outChannels + out]!,
        );
      }
    }
  }
  return sum;
}

class Sum implements ReferenceValue {
  value = 0;
  private squares = 0;

  add(term: number): void {
    this.value += term;
    this.squares += term * term;
  }

  get scale(): number {
    return Math.sqrt(this.squares);
  }
}

/** Indices of the value at place `at` of an array of that shape. */
function unravel(at: number, shape: readonly [number, number, number, number]): [number, number, number, number] {
  const d = at % shape[3];
  const c = Math.floor(at / shape[3]) % shape[2];
  const b = Math.floor(at / (shape[3] * shape[2])) % shape[1];
  return [Math.floor(at / (shape[3] * shape[2] * shape[1])), b, c, d];
}

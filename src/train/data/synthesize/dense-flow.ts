import { displace } from '../../augment/affine.js';
import type { Displacement } from '../../augment/affine.js';
import type { PixelImage } from '../../augment/pixel.js';

/** Larger: smoother. In squared units of standardised grey levels. */
const SMOOTHNESS = 1.5;
const ITERATIONS = 60;
/** The flow is linearised this often on every level. */
const WARPS = 5;
/** Largest motion of a pixel per linearisation, which is not valid beyond. */
const LONGEST_STEP = 0.7;
const SMALLEST_SIDE = 12;

/**
 * Dense optical flow between two pictures of one size, after Horn and Schunck (1981), coarse to fine: from(x) is about to(x + flow(x)).
 * Both are compared in standardised grey, so that a darker picture does not look like motion.
 */
export function denseFlow(from: PixelImage, to: PixelImage): Displacement {
  const [a, b] = [standardised(from), standardised(to)];
  const pyramid = [[a, b] as const];
  while (Math.min(pyramid[0]![0].width, pyramid[0]![0].height) >= 2 * SMALLEST_SIDE)
    pyramid.unshift([halved(pyramid[0]![0]), halved(pyramid[0]![1])]);
  let flow: Displacement | null = null;
  for (const [source, target] of pyramid) {
    const { width, height } = source;
    flow = flow === null ? still(width * height) : enlarged(flow, pyramid, width, height);
    for (let round = 0; round < WARPS; round += 1) flow = refine(source, target, flow);
  }
  return flow!;
}

function still(length: number): Displacement {
  return { right: new Float32Array(length), down: new Float32Array(length) };
}

/** One linearisation, solved by Jacobi's iteration: u = mean(u) - Ix (Ix du + Iy dv + It) / (smoothness + Ix^2 + Iy^2). */
function refine(source: PixelImage, target: PixelImage, start: Displacement): Displacement {
  const { width, height } = source;
  const warped = displace(target, start).data;
  const length = width * height;
  const [ix, iy, it] = [new Float32Array(length), new Float32Array(length), new Float32Array(length)];
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const [l, r] = [x > 0 ? i - 1 : i, x < width - 1 ? i + 1 : i];
      const [u, d] = [y > 0 ? i - width : i, y < height - 1 ? i + width : i];
      ix[i] = (warped[r]! - warped[l]! + source.data[r]! - source.data[l]!) / 4;
      iy[i] = (warped[d]! - warped[u]! + source.data[d]! - source.data[u]!) / 4;
      it[i] = warped[i]! - source.data[i]!;
    }
  }
  let { right, down } = start;
  for (let step = 0; step < ITERATIONS; step += 1) {
    const [meanRight, meanDown] = [neighbours(right, width, height), neighbours(down, width, height)];
    const next = still(length);
    for (let i = 0; i < length; i += 1) {
      const error =
        (ix[i]! * (meanRight[i]! - start.right[i]!) + iy[i]! * (meanDown[i]! - start.down[i]!) + it[i]!) /
        (SMOOTHNESS + ix[i]! ** 2 + iy[i]! ** 2);
      next.right[i] = near(start.right[i]!, meanRight[i]! - ix[i]! * error);
      next.down[i] = near(start.down[i]!, meanDown[i]! - iy[i]! * error);
    }
    ({ right, down } = next);
  }
  return { right, down };
}

function near(start: number, value: number): number {
  return Math.max(start - LONGEST_STEP, Math.min(start + LONGEST_STEP, value));
}

/** Mean of the four neighbours; at the edge the pixel itself replaces a missing one. */
function neighbours(values: Float32Array, width: number, height: number): Float32Array {
  const means = new Float32Array(values.length);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const sum =
        values[x > 0 ? i - 1 : i]! +
        values[x < width - 1 ? i + 1 : i]! +
        values[y > 0 ? i - width : i]! +
        values[y < height - 1 ? i + width : i]!;
      means[i] = sum / 4;
    }
  }
  return means;
}

/** Grey, mean 0, deviation 1. [H, W, 1] */
function standardised({ data, width, height, channels }: PixelImage): PixelImage {
  const grey = new Float32Array(width * height);
  for (let i = 0; i < data.length; i += 1) grey[(i / channels) | 0]! += data[i]! / channels;
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const variance = grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length;
  const deviation = Math.max(1, Math.sqrt(variance));
  return { data: grey.map((value) => (value - mean) / deviation), width, height, channels: 1 };
}

/** Every pixel the mean of four. */
function halved({ data, width, height }: PixelImage): PixelImage {
  const [w, h] = [width >> 1, height >> 1];
  const half = new Float32Array(w * h);
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const at = 2 * y * width + 2 * x;
      half[y * w + x] = (data[at]! + data[at + 1]! + data[at + width]! + data[at + width + 1]!) / 4;
    }
  }
  return { data: half, width: w, height: h, channels: 1 };
}

/** The flow of the next coarser level, for this one: twice as long. */
function enlarged(
  { right, down }: Displacement,
  pyramid: readonly (readonly [PixelImage, PixelImage])[],
  width: number,
  height: number,
): Displacement {
  const coarse = pyramid.find(([{ width: w, height: h }]) => w === width >> 1 && h === height >> 1)![0];
  const flow = still(width * height);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const at = Math.min(coarse.height - 1, y >> 1) * coarse.width + Math.min(coarse.width - 1, x >> 1);
      flow.right[i] = 2 * right[at]!;
      flow.down[i] = 2 * down[at]!;
    }
  }
  return flow;
}

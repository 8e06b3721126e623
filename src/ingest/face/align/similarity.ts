import type { Point } from './geometry.js';

/** Rotation, uniform scale and shift: (x, y) -> (a x - b y + tx, b x + a y + ty). */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

export function applySimilarity({ a, b, tx, ty }: Similarity, { x, y }: Point): Point {
  return { x: a * x - b * y + tx, y: b * x + a * y + ty };
}

/** The scale factor. */
export function scaleOf({ a, b }: Similarity): number {
  return Math.hypot(a, b);
}

/**
 * The similarity that maps `from` closest to `to` (least squares, optionally weighted).
 * @param from at least two different points, as many as `to`
 * @see Umeyama 1991, without reflection
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[], weights?: readonly number[]): Similarity {
  let total = 0;
  let fx = 0;
  let fy = 0;
  let gx = 0;
  let gy = 0;
  for (const [i, p] of from.entries()) {
    const q = to[i]!;
    const w = weights?.[i] ?? 1;
    total += w;
    fx += w * p.x;
    fy += w * p.y;
    gx += w * q.x;
    gy += w * q.y;
  }
  fx /= total;
  fy /= total;
  gx /= total;
  gy /= total;
  let dot = 0;
  let cross = 0;
  let spread = 0;
  for (const [i, p] of from.entries()) {
    const q = to[i]!;
    const w = weights?.[i] ?? 1;
    const px = p.x - fx;
    const py = p.y - fy;
    const qx = q.x - gx;
    const qy = q.y - gy;
    dot += w * (px * qx + py * qy);
    cross += w * (px * qy - py * qx);
    spread += w * (px * px + py * py);
  }
  const a = spread > 0 ? dot / spread : 1;
  const b = spread > 0 ? cross / spread : 0;
  return { a, b, tx: gx - (a * fx - b * fy), ty: gy - (b * fx + a * fy) };
}

/** Maps the square [0, size]^2 onto a square of the frame with the given center and side, rotated by `angle` radians. */
export function squareToFrame(size: number, center: Point, side: number, angle: number): Similarity {
  const a = (Math.cos(angle) * side) / size;
  const b = (Math.sin(angle) * side) / size;
  const half = size / 2;
  return { a, b, tx: center.x - (a * half - b * half), ty: center.y - (b * half + a * half) };
}

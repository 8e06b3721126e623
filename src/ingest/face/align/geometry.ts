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

/** A point in pixels of the frame, x to the right, y down; (0, 0) is the top left corner of the top left pixel. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An axis-aligned rectangle in pixels of the frame; it may reach beyond the frame. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Shared area over joint area, 0 (apart) to 1 (equal). */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** Share of the smaller box inside the larger one: 1 when nested, where intersection over union may be small. */
export function intersectionOverSmaller(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / Math.min(a.width * a.height, b.width * b.height);
}

export function centerOf(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function meanPoint(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point.x;
    y += point.y;
  }
  return { x: x / points.length, y: y / points.length };
}

/** The square with the box's centre whose side is `factor` times the box's longer side. */
export function squareAround(box: Box, factor: number): Box {
  const center = centerOf(box);
  const side = Math.max(box.width, box.height) * factor;
  return { x: center.x - side / 2, y: center.y - side / 2, width: side, height: side };
}

/** The smallest box around all points. */
export function boundsOf(points: readonly Point[]): Box {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const { x, y } of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Side of a square with the box's area, in pixels. */
export function sizeOf(box: Box): number {
  return Math.sqrt(box.width * box.height);
}

/** A square of the frame that holds a face, turned so that the face is upright in it. */
export interface FaceWindow {
  readonly center: Point;
  /** Pixels of the frame. */
  readonly side: number;
  /** Radians, clockwise on screen. */
  readonly angle: number;
}

/** Side of a landmark window over the longer side of the points' bounds; measured to make the points steadiest. */
const LANDMARK_MARGIN = 1.25;

/** Centres of the eyes (the picture's left one first) and of the mouth. */
export function facePoints(landmarks: readonly Point[]): { left: Point; right: Point; mouth: Point } {
  return {
    left: meanPoint(landmarks.slice(36, 42)),
    right: meanPoint(landmarks.slice(42, 48)),
    mouth: meanPoint(landmarks.slice(48, 68)),
  };
}

/** The angle of the line through both eyes, in radians. */
export function rollOfLandmarks(landmarks: readonly Point[]): number {
  const { left, right } = facePoints(landmarks);
  return Math.atan2(right.y - left.y, right.x - left.x);
}

/** Where to look for the 68 points, given where they were. */
export function windowOfLandmarks(landmarks: readonly Point[]): FaceWindow {
  const angle = rollOfLandmarks(landmarks);
  const bounds = boundsOf(landmarks.map((point) => rotate(point, -angle)));
  return {
    center: rotate(centerOf(bounds), angle),
    side: Math.max(bounds.width, bounds.height) * LANDMARK_MARGIN,
    angle,
  };
}

function rotate({ x, y }: Point, angle: number): Point {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return { x: c * x - s * y, y: s * x + c * y };
}

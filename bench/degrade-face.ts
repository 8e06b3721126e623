import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { Point } from '../src/ingest/face/align/geometry.js';
import { distance, meanPoint } from '../src/ingest/face/align/geometry.js';
import type { Frame } from '../src/ingest/frame.js';

// Ways to make a face hard to judge: what the verdicts of trust.ts are fitted and checked on.

export type Random = () => number;

export const DEGRADATIONS = ['small', 'blurred', 'masked', 'barred', 'turned', 'soft', 'aside'] as const;
export type Degradation = (typeof DEGRADATIONS)[number];
/** Those after which no verdict may be sure; "soft" and "aside" (turned a little) are milder and may. */
export const RUINED: readonly Degradation[] = ['small', 'blurred', 'masked', 'barred', 'turned'];

/** Degrees of yaw of a "turned" face, and of one that looks "aside". */
const PROFILE = [50, 80] as const;
const ASIDE = [5, 40] as const;

export interface FaceInFrame {
  readonly frame: Frame;
  /** The 68 points. */
  readonly landmarks: readonly Point[];
  /** Degrees of yaw that were added, positive to the picture's right. */
  readonly yaw?: number;
}

export async function degrade(
  { frame, landmarks }: FaceInFrame,
  how: Degradation,
  random: Random,
): Promise<FaceInFrame> {
  const eyes = eyeDistance(landmarks);
  switch (how) {
    case 'small':
      return shrink(frame, landmarks, (8 + 7 * random()) / eyes);
    case 'blurred':
      return { frame: await blur(frame, eyes * (0.1 + 0.12 * random())), landmarks };
    case 'soft':
      return { frame: await blur(frame, eyes * (0.02 + 0.05 * random())), landmarks };
    case 'masked':
      return { frame: cover(frame, mouthOutline(landmarks, random), random), landmarks };
    case 'barred':
      return { frame: cover(frame, eyeOutline(landmarks, random), random), landmarks };
    case 'turned':
    case 'aside': {
      const [least, most] = how === 'turned' ? PROFILE : ASIDE;
      return turnHead({ frame, landmarks }, (random() < 0.5 ? -1 : 1) * (least + (most - least) * random()), random);
    }
  }
}

/** A frame whose mouth, or eyes, are covered by a mask, bar, hand or glasses. */
export function covered(frame: Frame, landmarks: readonly Point[], what: 'eyes' | 'mouth', random: Random): Frame {
  return cover(frame, what === 'eyes' ? eyeOutline(landmarks, random) : mouthOutline(landmarks, random), random);
}

function eyeDistance(landmarks: readonly Point[]): number {
  return distance(meanPoint(landmarks.slice(36, 42)), meanPoint(landmarks.slice(42, 48)));
}

function image({ data, width, height }: Frame): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function frameOf(picture: Sharp): Promise<Frame> {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { index: 0, timestamp: 0, width: info.width, height: info.height, data };
}

async function shrink(frame: Frame, landmarks: readonly Point[], scale: number): Promise<FaceInFrame> {
  const [width, height] = [frame.width, frame.height].map((side) => Math.max(8, Math.round(side * scale)));
  const small = await frameOf(image(frame).resize(width, height, { fit: 'fill' }));
  const scaled = landmarks.map(({ x, y }) => ({ x: (x * width!) / frame.width, y: (y * height!) / frame.height }));
  return { frame: small, landmarks: scaled };
}

function blur(frame: Frame, sigma: number): Promise<Frame> {
  return frameOf(image(frame).blur(Math.max(0.3, sigma)));
}

/** Jaw and the bridge of the nose, or a patch around the mouth. */
function mouthOutline(landmarks: readonly Point[], random: Random): Point[] {
  const eyes = eyeDistance(landmarks);
  if (random() < 0.6) {
    const top = landmarks[28 + Math.floor(random() * 2)]!;
    return [...landmarks.slice(1, 16), landmarks[15]!, top, landmarks[1]!].map((point) => ({ ...point }));
  }
  const mouth = meanPoint(landmarks.slice(48, 60));
  if (random() < 0.4) {
    // A sheet, cup or scarf.
    const [wide, high] = [eyes * (0.7 + 0.7 * random()), eyes * (0.3 + 0.4 * random())];
    return rectangle({ x: mouth.x, y: mouth.y + 0.6 * (high - 0.3 * eyes) }, wide, high, (random() - 0.5) * 0.4);
  }
  return ellipse(mouth, eyes * (0.55 + 0.3 * random()), eyes * (0.35 + 0.2 * random()), (random() - 0.5) * 0.6);
}

function eyeOutline(landmarks: readonly Point[], random: Random): Point[] {
  const [left, right] = [meanPoint(landmarks.slice(36, 42)), meanPoint(landmarks.slice(42, 48))];
  const eyes = eyeDistance(landmarks);
  const angle = Math.atan2(right.y - left.y, right.x - left.x);
  const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  if (random() < 0.4) {
    // Dark glasses: two lenses.
    const size = eyes * (0.3 + 0.1 * random());
    return [...ellipse(left, size, size * 0.75, angle), ...ellipse(right, size, size * 0.75, angle)];
  }
  const [wide, high] = [eyes * (0.85 + 0.3 * random()), eyes * (0.2 + 0.2 * random())];
  return rectangle(middle, wide, high, angle);
}

function rectangle(centre: Point, wide: number, high: number, angle: number): Point[] {
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([x, y]) => rotated(centre, x! * wide, y! * high, angle));
}

function ellipse(centre: Point, wide: number, high: number, angle: number): Point[] {
  return Array.from({ length: 24 }, (_, i) =>
    rotated(centre, wide * Math.cos((i * Math.PI) / 12), high * Math.sin((i * Math.PI) / 12), angle),
  );
}

function rotated({ x, y }: Point, dx: number, dy: number, angle: number): Point {
  return { x: x + dx * Math.cos(angle) - dy * Math.sin(angle), y: y + dx * Math.sin(angle) + dy * Math.cos(angle) };
}

/** Fills a polygon with cloth, plastic or skin: a colour, a gradient, some grain, and now and then stripes or fingers. */
function cover(frame: Frame, outline: readonly Point[], random: Random): Frame {
  const data = Uint8Array.from(frame.data);
  const skin = colourAt(frame, outline[0]!);
  const kind = random();
  const grey = 20 + 215 * random();
  const colour = kind < 0.3 ? skin : kind < 0.7 ? [grey, grey, grey] : [255 * random(), 255 * random(), 255 * random()];
  const [slopeX, slopeY, grain] = [(random() - 0.5) * 0.6, (random() - 0.5) * 0.6, random() < 0.5 ? 3 : 14];
  const isColourless = isGrey(frame);
  const outlineWidth = Math.max(...outline.map(({ x }) => x)) - Math.min(...outline.map(({ x }) => x));
  const [stripes, tilt] = [random() < 0.25 ? 15 + 35 * random() : 0, 2 * Math.PI * random()];
  const period = (outlineWidth * (0.08 + 0.15 * random())) / (2 * Math.PI);
  const luminance = 0.299 * colour[0]! + 0.587 * colour[1]! + 0.114 * colour[2]!;
  const ys = outline.map(({ y }) => y);
  for (let y = Math.max(0, Math.floor(Math.min(...ys))); y <= Math.min(frame.height - 1, Math.max(...ys)); y++) {
    for (let x = 0; x < frame.width; x++) {
      if (!inside(outline, x + 0.5, y + 0.5)) continue;
      const shade =
        slopeX * (x - outline[0]!.x) +
        slopeY * (y - outline[0]!.y) +
        (random() - 0.5) * 2 * grain +
        (stripes && stripes * Math.sin((x * Math.cos(tilt) + y * Math.sin(tilt)) / period));
      for (let c = 0; c < 3; c++)
        data[(y * frame.width + x) * 3 + c] = clamp((isColourless ? luminance : colour[c]!) + shade);
    }
  }
  return { ...frame, data };
}

function isGrey({ data }: Frame): boolean {
  for (let i = 0; i < data.length; i += 300) if (Math.abs(data[i]! - data[i + 1]!) > 3) return false;
  return true;
}

function colourAt({ data, width, height }: Frame, { x, y }: Point): number[] {
  const at =
    (Math.max(0, Math.min(height - 1, Math.round(y))) * width + Math.max(0, Math.min(width - 1, Math.round(x)))) * 3;
  return [data[at]!, data[at + 1]!, data[at + 2]!];
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

function inside(outline: readonly Point[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [a, b] = [outline[i]!, outline[j]!];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) isInside = !isInside;
  }
  return isInside;
}

const HALF_TURN = Math.PI / 2;
/** Radians around the head where its texture ends. */
const TEXTURE_END = 1.4;
const STEP = Math.PI / 720;

/**
 * Turns the head about its vertical axis: an ellipsoid with a nose, wearing the picture.
 * @param degrees positive to the picture's right
 */
export function turnHead({ frame, landmarks }: FaceInFrame, degrees: number, random: Random): FaceInFrame {
  const { width, height } = frame;
  const angle = (degrees * Math.PI) / 180;
  const middle = (landmarks[1]!.x + landmarks[15]!.x) / 2;
  const radius = 1.06 * Math.abs(landmarks[15]!.x - landmarks[1]!.x) * 0.5;
  const eyes = meanPoint(landmarks.slice(36, 48)).y;
  const bottom = Math.max(...landmarks.slice(5, 12).map(({ y }) => y)) + 0.12 * radius;
  const top = eyes - 0.95 * (bottom - eyes);
  const [centre, reach] = [(top + bottom) / 2, (bottom - top) / 2];
  const tip = landmarks[30]!;
  const bridge = landmarks[27]!.y;
  const nose = (x: number, y: number): number => {
    const along = y > tip.y ? (y - tip.y) / (0.16 * radius) : ((tip.y - y) / Math.max(1, tip.y - bridge)) * 1.3;
    return 0.42 * radius * Math.exp(-(((x - tip.x) / (0.2 * radius)) ** 2) - along ** 2);
  };
  // Hair and ears beyond the texture's end: stretched, or mirrored.
  const isMirrored = random() < 0.5;
  const textureAt = (around: number): number => {
    const beyond = Math.abs(around) - TEXTURE_END;
    return beyond <= 0 ? around : Math.sign(around) * (TEXTURE_END - (isMirrored ? 0.5 * beyond : 0));
  };
  /** Where a point of the surface is seen, and its depth; `around` is its angle around the axis. */
  const place = (around: number, y: number): { from: number; x: number; depth: number } => {
    const level = radius * Math.sqrt(Math.max(0, 1 - ((y - centre) / reach) ** 2));
    const from = middle + level * Math.sin(textureAt(around));
    const out = level + (Math.abs(around) < 1 ? nose(from, y) : 0);
    return { from, x: middle + out * Math.sin(around + angle), depth: out * Math.cos(around + angle) };
  };
  const data = Uint8Array.from(frame.data);
  const depths = new Float32Array(width);
  for (let y = Math.max(0, Math.ceil(top)); y <= Math.min(height - 1, bottom); y++) {
    depths.fill(-Infinity);
    let last = place(-HALF_TURN - angle, y);
    for (let around = -HALF_TURN - angle + STEP; around <= HALF_TURN - angle; around += STEP) {
      const next = place(around, y);
      const [left, right] = last.x <= next.x ? [last, next] : [next, last];
      for (let x = Math.max(0, Math.ceil(left.x)); x <= Math.min(width - 1, right.x); x++) {
        const part = (x - left.x) / Math.max(1e-6, right.x - left.x);
        const depth = left.depth + part * (right.depth - left.depth);
        if (depth <= depths[x]!) continue;
        depths[x] = depth;
        const from = Math.max(0, Math.min(width - 1.001, left.from + part * (right.from - left.from)));
        const at = (y * width + Math.floor(from)) * 3;
        const weight = from - Math.floor(from);
        for (let c = 0; c < 3; c++) {
          const [a, b] = [frame.data[at + c]!, frame.data[at + 3 + c]!];
          data[(y * width + x) * 3 + c] = a + weight * (b - a);
        }
      }
      last = next;
    }
  }
  const moved = landmarks.map(({ x, y }) => {
    const level = radius * Math.sqrt(Math.max(0.04, 1 - ((y - centre) / reach) ** 2));
    return { x: place(Math.asin(Math.max(-1, Math.min(1, (x - middle) / level))), y).x, y };
  });
  return { frame: { ...frame, data }, landmarks: moved, yaw: degrees };
}

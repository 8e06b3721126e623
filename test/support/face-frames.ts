import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Frame } from '../../src/ingest/frame.js';

/** Part of a picture, in its pixels. */
export interface Section {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where one person's face is in the photos that come with face-api, with some room around it. */
export const PEOPLE = {
  blond: { photo: 'sample3.jpg', left: 470, top: 210, width: 480, height: 480 },
  ponytail: { photo: 'sample6.jpg', left: 580, top: 170, width: 480, height: 480 },
  sunken: { photo: 'sample5.jpg', left: 1340, top: 280, width: 480, height: 480 },
} as const satisfies Record<string, Section & { readonly photo: string }>;

const packageFolder = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));

/** A photo of real people from the npm package @vladmandic/face-api, e.g. "sample1.jpg". */
export function photoPath(photo: string): string {
  return join(packageFolder, 'demo', photo);
}

/** One frame cut out of a photo and scaled. */
export async function photoFrame(photo: string, section: Section, width: number, height: number): Promise<Frame> {
  const data = await sharp(photoPath(photo))
    .extract(section)
    .resize(width, height, { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer();
  return { index: 0, timestamp: 0, width, height, data: new Uint8Array(data) };
}

/** Gives frames their places on the time line. */
export function atRate(frames: readonly Frame[], framesPerSecond: number, from = 0): Frame[] {
  return frames.map((frame, i) => ({ ...frame, index: i, timestamp: from + i / framesPerSecond }));
}

/** `count` windows of `side` pixels that slide evenly over `picture` by (dx, dy) pixels a step. */
export function slide(
  picture: Frame,
  count: number,
  side: number,
  start: readonly [number, number],
  step: readonly [number, number],
): Frame[] {
  return Array.from({ length: count }, (_, i) =>
    cutOut(picture, Math.round(start[0] + i * step[0]), Math.round(start[1] + i * step[1]), side, side),
  );
}

/** Frames of `side` pixels of each person, the picture sliding by under the camera. */
export async function slidingPeople(count: number, side: number): Promise<Record<keyof typeof PEOPLE, Frame[]>> {
  const frames = async ({ photo, ...section }: (typeof PEOPLE)[keyof typeof PEOPLE]): Promise<Frame[]> =>
    slide(await photoFrame(photo, section, 300, 300), count, side, [2, 20], [4, 1]);
  const [blond, ponytail, sunken] = await Promise.all(Object.values(PEOPLE).map(frames));
  return { blond: blond!, ponytail: ponytail!, sunken: sunken! };
}

export function cutOut(picture: Frame, left: number, top: number, width: number, height: number): Frame {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { index: 0, timestamp: 0, width, height, data };
}

/** Two pictures of the same height, beside each other. */
export function beside(a: Frame, b: Frame): Frame {
  const width = a.width + b.width;
  const data = new Uint8Array(width * a.height * 3);
  for (let y = 0; y < a.height; y++) {
    data.set(a.data.subarray(y * a.width * 3, (y + 1) * a.width * 3), y * width * 3);
    data.set(b.data.subarray(y * b.width * 3, (y + 1) * b.width * 3), (y * width + a.width) * 3);
  }
  return { index: 0, timestamp: 0, width, height: a.height, data };
}

export function plainFrame(width: number, height: number, value: (x: number, y: number) => number): Frame {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.fill(value(x, y), (y * width + x) * 3, (y * width + x) * 3 + 3);
  }
  return { index: 0, timestamp: 0, width, height, data };
}

/** Repeatable pseudo-random bytes. */
export function noiseFrame(width: number, height: number, seed: number): Frame {
  let state = seed * 2654435761 + 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { index: 0, timestamp: 0, width, height, data };
}

/**
 * A head turned to the picture's right, by projecting the picture around `center` onto an upright cylinder and turning that:
 * not a true likeness, but its features move as those of a turned face do.
 * @param radius of the cylinder in pixels
 * @param yaw degrees
 */
export function turnHead(frame: Frame, center: readonly [number, number], radius: number, yaw: number): Frame {
  const { width, height } = frame;
  const data = frame.data.slice();
  const turn = (yaw * Math.PI) / 180;
  for (let x = 0; x < width; x++) {
    const across = (x + 0.5 - center[0]) / radius;
    if (Math.abs(across) >= 1) continue;
    const angle = Math.asin(across) - turn;
    const from = Math.abs(angle) < Math.PI / 2 ? center[0] + radius * Math.sin(angle) - 0.5 : center[0] - radius;
    const column = Math.min(width - 1, Math.max(0, Math.round(from)));
    for (let y = 0; y < height; y++) {
      if (Math.abs(y - center[1]) > 1.6 * radius) continue;
      const at = (y * width + column) * 3;
      data.set(frame.data.subarray(at, at + 3), (y * width + x) * 3);
    }
  }
  return { ...frame, data };
}

/** The picture rotated clockwise by quarter turns. */
export function quarterTurned(frame: Frame, quarters: 1 | 2 | 3): Frame {
  const { width, height } = frame;
  const turned = quarters === 2 ? { width, height } : { width: height, height: width };
  const data = new Uint8Array(frame.data.length);
  for (let y = 0; y < turned.height; y++) {
    for (let x = 0; x < turned.width; x++) {
      const column = quarters === 1 ? y : quarters === 2 ? width - 1 - x : width - 1 - y;
      const row = quarters === 1 ? height - 1 - x : quarters === 2 ? height - 1 - y : x;
      const at = (row * width + column) * 3;
      data.set(frame.data.subarray(at, at + 3), (y * turned.width + x) * 3);
    }
  }
  return { ...frame, ...turned, data };
}

/** `picture` laid over `frame`, its top left corner at (left, top). */
export function paste(picture: Frame, frame: Frame, left: number, top: number): Frame {
  const data = frame.data.slice();
  const from = Math.max(0, -left);
  const to = Math.min(picture.width, frame.width - left);
  for (let y = Math.max(0, -top); y < Math.min(picture.height, frame.height - top); y++) {
    const row = y * picture.width;
    data.set(picture.data.subarray((row + from) * 3, (row + to) * 3), ((top + y) * frame.width + left + from) * 3);
  }
  return { ...frame, data };
}

import { basename } from 'node:path';
import type { Sharp } from 'sharp';
import { openSource } from '../../ingest/sources/open-source.js';
import type { Frame } from '../../ingest/frame.js';
import { toRgb } from '../../ingest/frame.js';
import type { OutputContext } from '../results/output-format.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { MOST_IMAGES } from './report-builder.js';
import type { BestView, ReportContent, ReportFace } from './report-builder.js';

/** Faces that get a picture; those seen longest. */
const MOST_FACES = 24;
/** Sides in pixels. */
const FACE_SIDE = 176;
const STILL_WIDTH = 720;
const IMAGE_WIDTH = 320;
/** Part of the face's size added on each side. */
const MARGIN = 0.22;
/** Seconds in which the frame must come. */
const SEARCH = 1;

/** Pictures of a report as JPEG data URIs. */
export interface ReportPictures {
  /** By face id. */
  readonly faces: ReadonlyMap<number, string>;
  /** A frame of the footage, for the player and the regions; null without the footage. */
  readonly still: string | null;
  /** Images of a folder, by index. */
  readonly images: ReadonlyMap<number, string>;
}

/** Unreadable places after which no further ones are tried. */
const MOST_FAILURES = 3;

export const NO_PICTURES: ReportPictures = { faces: new Map(), still: null, images: new Map() };

/** Reads the footage again where its faces are seen best. What cannot be read has no picture. @throws FerError INTERRUPTED */
export async function reportPictures(
  { faces, images }: ReportContent,
  { input }: RunMetadata,
  context: OutputContext,
): Promise<ReportPictures> {
  const wanted = faces.slice(0, MOST_FACES);
  if (input.kind === 'images') return imagePictures(images, wanted, context.imagePaths ?? []);
  const { sourcePath, signal } = context;
  if (sourcePath === null) return NO_PICTURES;
  const { default: sharp } = await import('sharp');
  const pictures = new Map<number, string>();
  let still: string | null = null;
  let failures = 0;
  for (const { summary, best } of wanted) {
    const frame = await frameAt(input.kind === 'url' ? 'url' : 'file', sourcePath, best.timestamp, signal);
    if (frame === null) {
      failures += 1;
      // One damaged spot costs one picture; footage that is gone is not asked for again and again.
      if (failures === MOST_FAILURES) break;
      continue;
    }
    const raw = sharp(toRgb(frame), { raw: { width: frame.width, height: frame.height, channels: 3 } });
    pictures.set(summary.id, await faceJpeg(raw.clone(), frame, best));
    still ??= await jpegUri(raw.resize({ width: STILL_WIDTH, withoutEnlargement: true }), 70);
  }
  return { faces: pictures, still, images: new Map() };
}

/** The frame shown at this time; null if the footage cannot be read there. */
async function frameAt(
  kind: 'file' | 'url',
  path: string,
  time: number,
  signal: AbortSignal | undefined,
): Promise<Frame | null> {
  try {
    const source = await openSource({ kind, path, name: path }, { start: time - 1e-3, end: time + SEARCH });
    for await (const frame of source.frames(signal)) return frame;
    return null;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return null;
  }
}

async function imagePictures(
  images: ReportContent['images'],
  faces: readonly ReportFace[],
  paths: readonly string[],
): Promise<ReportPictures> {
  const { default: sharp } = await import('sharp');
  // Frames of a part of the folder are numbered from 0.
  const pathOf = new Map(paths.map((path) => [basename(path), path]));
  const [small, portraits] = [new Map<number, string>(), new Map<number, string>()];
  const tryTo = async (make: () => Promise<void>): Promise<void> => {
    // An image that cannot be read has no picture; the results say so.
    await make().catch(() => undefined);
  };
  for (const { index, file } of images.slice(0, MOST_IMAGES)) {
    const path = pathOf.get(file);
    if (path === undefined) continue;
    await tryTo(async () => {
      const resized = sharp(path).rotate().flatten().resize({ width: IMAGE_WIDTH, withoutEnlargement: true });
      small.set(index, await jpegUri(resized, 72));
    });
  }
  for (const { summary, best } of faces) {
    const path = best.file === undefined ? undefined : pathOf.get(best.file);
    if (path === undefined) continue;
    await tryTo(async () => {
      const { data, info } = await sharp(path)
        .rotate()
        .flatten()
        .toColourspace('srgb')
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const raw = sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
      portraits.set(summary.id, await faceJpeg(raw, info, best));
    });
  }
  return { faces: portraits, still: null, images: small };
}

/** The face with some of its surroundings, square and upright. Boxes may be in a scaled frame. */
async function faceJpeg(
  image: Sharp,
  size: { readonly width: number; readonly height: number },
  { box, frame, roll }: BestView,
): Promise<string> {
  const scale = size.width / frame.width;
  const side = Math.max(
    8,
    Math.min(size.width, size.height, Math.max(box.width, box.height) * (1 + 2 * MARGIN) * scale),
  );
  const place = (centre: number, limit: number): number =>
    Math.round(Math.max(0, Math.min(limit - side, centre * scale - side / 2)));
  const area = {
    left: place(box.x + box.width / 2, size.width),
    top: place(box.y + box.height / 2, size.height),
    width: Math.floor(side),
    height: Math.floor(side),
  };
  const picture = image.extract(area).resize(FACE_SIDE, FACE_SIDE);
  return jpegUri(picture.rotate(-90 * Math.round(roll / 90)), 80);
}

async function jpegUri(image: Sharp, quality: number): Promise<string> {
  return `data:image/jpeg;base64,${(await image.jpeg({ quality, mozjpeg: true }).toBuffer()).toString('base64')}`;
}

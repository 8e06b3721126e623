import { basename } from 'node:path';
import type { Sharp } from 'sharp';
import { openVideo } from '../../ingest/sources/open-source.js';
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
/** Seconds in which the frame must come, and by which it may be early. */
const SEARCH = 1;
const EARLY = 1e-3;

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
  const times = wanted.map(({ best }) => best.timestamp);
  for await (const { at, frame } of framesAt(input.kind === 'url' ? 'url' : 'file', sourcePath, times, signal)) {
    const { summary, best } = wanted[at]!;
    const raw = sharp(toRgb(frame), { raw: { width: frame.width, height: frame.height, channels: 3 } });
    pictures.set(summary.id, await faceJpeg(raw.clone(), frame, best));
    still ??= await jpegUri(raw.resize({ width: STILL_WIDTH, withoutEnlargement: true }), 70);
  }
  return { faces: pictures, still, images: new Map() };
}

/**
 * The frames shown at these times, each with its place among them, valid until the next one is asked for. What cannot be read does not come.
 * @throws FerError INTERRUPTED
 */
async function* framesAt(
  place: 'file' | 'url',
  path: string,
  times: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly at: number; readonly frame: Frame }> {
  const isStopped = (): boolean => signal?.aborted === true;
  const video = await openVideo(place, path).catch(() => null);
  if (video === null || times.length === 0) return;
  // Where all that comes before has to be decoded, one pass gives all of them.
  const order = [...times.keys()].sort((a, b) => times[a]! - times[b]!);
  const passes = video.probe.seekable ? [...times.keys()].map((at) => [at]) : [order];
  let failures = 0;
  for (const pass of passes) {
    const waiting = [...pass];
    const [first, last] = [times[pass[0]!]!, times[pass.at(-1)!]!];
    try {
      for await (const frame of video.part({ start: first - EARLY, end: last + SEARCH }).frames(signal)) {
        while (waiting.length > 0 && frame.timestamp >= times[waiting[0]!]! - EARLY) {
          const at = waiting.shift()!;
          if (frame.timestamp < times[at]! + SEARCH) yield { at, frame };
        }
        frame.release?.();
        if (waiting.length === 0) break;
      }
    } catch (error) {
      if (isStopped()) throw error;
    }
    // One damaged spot costs one picture; footage that is gone is not asked for again and again.
    if (waiting.length > 0) failures += 1;
    if (failures === MOST_FAILURES) return;
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

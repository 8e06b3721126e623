import { Readable } from 'node:stream';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { findFfprobe, runProcess } from '../../ingest/ffmpeg/binaries.js';
import { guardOptions, inputArgument } from '../../ingest/ffmpeg/input-guards.js';
import { probeVideo } from '../../ingest/probe/probe-video.js';
import type { Size } from './canvas-fit.js';

/** Few machines play larger videos. */
const LONGEST_SIDE = 3840;

/** Size of a video of these images: that of the first readable one, upright, with even sides. */
export async function imageVideoSize(paths: readonly string[]): Promise<Size> {
  for (const path of paths) {
    const size = await uprightSize(path);
    if (size === null) continue;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(size.width, size.height));
    const even = (side: number): number => Math.max(2, 2 * Math.floor((side * scale) / 2));
    return { width: even(size.width), height: even(size.height) };
  }
  throw new FerError(
    'INPUT_UNREADABLE',
    `${paths[0] ?? 'no image'}: none of the images can be decoded for the overlay; check that they are still there`,
  );
}

/**
 * The images as raw RGB of one size, upright, fitted with black bars, read one at a time as ffmpeg takes them. If one cannot be read, the
 * image before it is shown instead.
 */
export function imageFrames(paths: readonly string[], size: Size): Readable {
  return Readable.from(rawFrames(paths, size), { objectMode: false, highWaterMark: 1 });
}

async function* rawFrames(paths: readonly string[], size: Size): AsyncGenerator<Buffer, void, undefined> {
  let shown: Buffer = Buffer.alloc(size.width * size.height * 3);
  for (const path of paths) {
    shown = (await rawFrame(path, size)) ?? shown;
    yield shown;
  }
}

async function rawFrame(path: string, { width, height }: Size): Promise<Buffer | null> {
  try {
    const { default: sharp } = await import('sharp');
    return await sharp(path, { failOn: 'error' })
      .autoOrient()
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .removeAlpha()
      .resize({ width, height, fit: 'contain', background: '#000' })
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch {
    return null;
  }
}

async function uprightSize(path: string): Promise<Size | null> {
  try {
    const { default: sharp } = await import('sharp');
    return (await sharp(path).metadata()).autoOrient;
  } catch {
    return null;
  }
}

/** Properties of the footage that the overlay reads a second time. */
export interface OverlaySource {
  /** Index of the video stream that was annotated. */
  readonly video: number;
  readonly audio: readonly AudioStream[];
  /** Start of the container's time, in seconds. */
  readonly startTime: number;
  /** False for a stream without presentation times. */
  readonly timed: boolean;
  readonly isRotated: boolean;
  readonly isInterlaced: boolean;
  /** True when ffmpeg can jump to the key frame before a time. */
  readonly seekable: boolean;
}

export interface AudioStream {
  readonly index: number;
  readonly codec: string;
}

/** Milliseconds; the start is read, perhaps over a slow connection. */
const TIMEOUT = 60_000;

const answerSchema = z.object({
  streams: z
    .array(z.object({ index: z.int(), codec_type: z.string().optional(), codec_name: z.string().optional() }))
    .default([]),
  format: z.object({ start_time: z.coerce.number().optional() }).optional(),
});

/** @throws FerError INPUT_* when the source cannot be read again, FFMPEG_MISSING */
export async function examineSource(place: 'file' | 'url', path: string, name: string): Promise<OverlaySource> {
  const probe = await probeVideo(place, path, name);
  const { streams, format } = await askForSound(place, path, name);
  return {
    video: probe.stream,
    audio: streams.flatMap(({ index, codec_type, codec_name }) =>
      codec_type === 'audio' && codec_name !== undefined && codec_name !== 'unknown'
        ? [{ index, codec: codec_name }]
        : [],
    ),
    startTime: format?.start_time ?? probe.startTime ?? 0,
    timed: probe.timed,
    isRotated: probe.isRotated,
    isInterlaced: probe.isInterlaced,
    seekable: probe.seekable,
  };
}

async function askForSound(place: 'file' | 'url', path: string, name: string): Promise<z.infer<typeof answerSchema>> {
  const { path: ffprobe } = await findFfprobe();
  const entries = 'stream=index,codec_type,codec_name:format=start_time';
  const args = [
    '-v',
    'error',
    ...guardOptions(place),
    '-show_entries',
    entries,
    '-of',
    'json',
    inputArgument(place, path),
  ];
  const { stdout, stderr } = await runProcess(ffprobe, args, TIMEOUT);
  try {
    return answerSchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new FerError(
      'INPUT_UNREADABLE',
      `${name}: ffprobe does not answer about the overlay's source (${stderr.trim().slice(0, 200)}); check that the file is still there`,
      {
        cause,
      },
    );
  }
}

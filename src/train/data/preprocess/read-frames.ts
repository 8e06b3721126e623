import { FerError } from '../../../errors/fer-error.js';
import { openFile } from '../../../ingest/sources/open-source.js';
import { openImages } from '../../../ingest/sources/image-source.js';
import type { Frame } from '../../../ingest/frame.js';
import type { FrameSource } from '../../../ingest/sources/frame-source.js';
import { slotOf } from '../../../ingest/ffmpeg/picture-filters.js';
import type { EmbeddedImage, FrameFile, Sample } from '../sample.js';

/** Frame rate of clips stored as pictures, which carry no times: about that of nearly all data sets. */
export const FRAME_FILE_RATE = 25;

/** Slack against rounding, in seconds, when times are compared. */
const HALF_MICROSECOND = 5e-7;

/** A frame of a sample. */
export interface ReadFrame {
  /** From 0: in the footage if it is labelled by frame or stored as files, else in the labelled stretch. */
  readonly index: number;
  /** Seconds. */
  readonly timestamp: number;
  /** Null where there is none, or it cannot be decoded. */
  readonly picture: Frame | null;
}

export interface ReadFramesOptions {
  readonly framesPerSecond: number | null;
  readonly signal?: AbortSignal | undefined;
  /** Called once at the end with the damage found. */
  readonly onDamage?: (note: string) => void;
}

/**
 * The frames of an image (one) or a clip, in order.
 * @throws FerError INPUT_* when nothing of it can be read, INTERRUPTED
 */
export async function* readFrames(
  sample: Sample,
  options: ReadFramesOptions,
): AsyncGenerator<ReadFrame, void, undefined> {
  if (sample.frames !== null) yield* thinned(frameFiles(sample.frames, sample, options), options.framesPerSecond);
  else if (sample.embedded !== undefined) yield embeddedFrame(sample.embedded);
  else if (sample.kind === 'image') yield* sourceFrames(await openImages(sample.path), options);
  else yield* thinned(videoFrames(sample, options), options.framesPerSecond);
}

function embeddedFrame({ grey, width, height }: EmbeddedImage): ReadFrame {
  const data = new Uint8Array(3 * grey.length);
  grey.forEach((value, i) => data.fill(value, 3 * i, 3 * i + 3));
  return { index: 0, timestamp: 0, picture: { index: 0, timestamp: 0, width, height, data } };
}

/** Labels by frame count from the beginning of the footage, so that it has to be decoded from there. */
async function* videoFrames(sample: Sample, options: ReadFramesOptions): AsyncGenerator<ReadFrame> {
  const { path, startSeconds, endSeconds, frameLabels } = sample;
  const source = await openFile(path, { end: endSeconds, start: frameLabels === null ? startSeconds : null });
  for await (const frame of sourceFrames(source, options)) {
    if (frame.timestamp >= (startSeconds ?? -Infinity) - HALF_MICROSECOND) yield frame;
  }
}

async function* sourceFrames(source: FrameSource, { signal, onDamage }: ReadFramesOptions): AsyncGenerator<ReadFrame> {
  for await (const picture of source.frames(signal))
    yield { index: picture.index, timestamp: picture.timestamp, picture };
  const { note } = source.report();
  if (note !== null) onDamage?.(note);
}

/** A frame of a clip stored as files. */
export interface FrameMeant {
  readonly index: number;
  /** Null without a file: in data sets of face crops, no face was found. */
  readonly path: string | null;
}

/** Frames of the labelled stretch of a clip stored as files, in order, including those with a label but no file. */
export function framesMeant(
  files: readonly FrameFile[],
  { frameLabels, startSeconds, endSeconds }: Pick<Sample, 'frameLabels' | 'startSeconds' | 'endSeconds'>,
): readonly FrameMeant[] {
  const there = new Set(files.map(({ index }) => index));
  const missing = (frameLabels ?? []).flatMap((label, index): FrameMeant[] =>
    label === null || there.has(index) ? [] : [{ index, path: null }],
  );
  const all = missing.length === 0 ? files : [...files, ...missing].sort((a, b) => a.index - b.index);
  return all.filter(({ index }) => {
    const timestamp = index / FRAME_FILE_RATE;
    return (
      timestamp >= (startSeconds ?? -Infinity) - HALF_MICROSECOND &&
      timestamp < (endSeconds ?? Infinity) - HALF_MICROSECOND
    );
  });
}

async function* frameFiles(
  files: readonly FrameFile[],
  sample: Sample,
  { signal, onDamage }: ReadFramesOptions,
): AsyncGenerator<ReadFrame> {
  let readable = 0;
  let lastError: FerError | null = null;
  let unreadable = 0;
  for (const { index, path } of framesMeant(files, sample)) {
    const timestamp = index / FRAME_FILE_RATE;
    let picture: Frame | null = null;
    if (path === null) {
      yield { index, timestamp, picture };
      continue;
    }
    try {
      for await (const frame of (await openImages(path)).frames(signal)) picture = { ...frame, index, timestamp };
      readable += 1;
    } catch (error) {
      const failure = FerError.from(error);
      if (!failure.code.startsWith('INPUT_')) throw error;
      lastError = failure;
      unreadable += 1;
    }
    yield { index, timestamp, picture };
  }
  if (readable === 0 && lastError !== null) {
    throw new FerError(
      'INPUT_UNREADABLE',
      `${sample.id}: none of its ${unreadable} pictures can be decoded: check that the files are whole`,
      { cause: lastError },
    );
  }
  if (unreadable > 0) onDamage?.(`${readable} of ${readable + unreadable} pictures, ${unreadable} unreadable`);
}

/** Keeps the first frame in each slot of 1 / framesPerSecond seconds, as `fer annotate --fps` does; null keeps all. */
async function* thinned(frames: AsyncIterable<ReadFrame>, framesPerSecond: number | null): AsyncGenerator<ReadFrame> {
  let previous = -Infinity;
  for await (const frame of frames) {
    const slot = framesPerSecond === null ? Infinity : slotOf(frame.timestamp, framesPerSecond);
    if (framesPerSecond === null || slot > previous) yield frame;
    previous = slot;
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findFfmpeg } from '../../src/ingest/ffmpeg/binaries.js';
import type { Frame } from '../../src/ingest/frame.js';
import { expandInputs } from '../../src/ingest/sources/expand-inputs.js';
import type { Input, SourceOptions } from '../../src/ingest/sources/frame-source.js';
import { openSource } from '../../src/ingest/sources/open-source.js';
import type { Annotator } from '../../src/stream/annotate/annotator.js';
import type { Measurement } from './contender.js';

/** A clip on disk. */
export interface Clip {
  readonly path: string;
  readonly input: Input;
  readonly frames: number;
}

export async function clipOf(path: string, frames: number): Promise<Clip> {
  return { path, input: (await expandInputs([path])).inputs[0]!, frames };
}

/** Times work on each frame of a clip, with decoding; starting the decoder does not count. */
export async function overFrames(
  { input }: Clip,
  work: (frame: Frame) => Promise<number | null>,
  most = Infinity,
  options: SourceOptions = {},
): Promise<Measurement> {
  let began = performance.now();
  let [frames, faces]: [number, number | null] = [0, null];
  for await (const frame of (await openSource(input, options)).frames()) {
    if (frames === 0) began = performance.now();
    frames += 1;
    const found = await work(frame);
    frame.release?.();
    if (found !== null) faces = (faces ?? 0) + found;
    if (frames >= most) break;
  }
  return { perFrame: (performance.now() - began) / frames, faces: faces === null ? null : faces / frames };
}

/** Times the whole path from file to results, less the time until the decoder gives its first frame. */
export async function annotateClip(annotator: Annotator, clip: Clip, most = Infinity): Promise<Measurement> {
  const start = await timeToFirstFrame(clip);
  const began = performance.now();
  let [frames, faces] = [0, 0];
  for await (const result of await annotator.annotate(clip.input)) {
    frames += 1;
    faces += result.faces.length;
    if (frames >= most) break;
  }
  return { perFrame: Math.max(0, performance.now() - began - start) / frames, faces: faces / frames };
}

async function timeToFirstFrame({ input }: Clip): Promise<number> {
  const began = performance.now();
  const frames = (await openSource(input)).frames()[Symbol.asyncIterator]();
  await frames.next();
  const elapsed = performance.now() - began;
  await frames.return?.();
  return elapsed;
}

/** Repetitions of the clip, so that starting ffmpeg does not count for much. */
const LOOPS = 5;

/** ffmpeg decoding by itself, its pictures thrown away: the limit of what can be reached. */
export async function ffmpegAlone({ path, frames }: Clip): Promise<Measurement> {
  const { path: ffmpeg } = await findFfmpeg();
  const decode = (loops: number): Promise<unknown> =>
    promisify(execFile)(ffmpeg, [
      ...['-v', 'error', '-stream_loop', String(loops - 1), '-i', path, '-map', '0:v:0', '-f', 'null', '-'],
    ]);
  const began = performance.now();
  await decode(LOOPS);
  return { perFrame: (performance.now() - began) / (LOOPS * frames), faces: null };
}

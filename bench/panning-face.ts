import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg } from '../src/ingest/ffmpeg/binaries.js';

/** Seconds after which the drift repeats itself: one turn of sin(t), two of cos(2t). */
const TURN = 6.28;

/** A clip at 25 fps in which one face (of a photo that ships with face-api) drifts about. */
export async function buildPanningFace(path: string, { seconds = 10, width = 640 } = {}): Promise<string> {
  const photo = join(
    dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
    'demo',
    'sample3.jpg',
  );
  const { path: ffmpeg } = await findFfmpeg();
  const run = promisify(execFile);
  const turn = `${path}.turn.mp4`;
  const drift = `crop=640:480:x='330+40*sin(t)':y='200+40*cos(2*t)',scale=${width}:-2`;
  await run(ffmpeg, [
    ...['-v', 'error', '-loop', '1', '-framerate', '25', '-t', String(TURN), '-i', photo],
    ...['-vf', drift, '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0', '-pix_fmt', 'yuv420p', '-y', turn],
  ]);
  await run(ffmpeg, ['-v', 'error', '-stream_loop', '-1', '-i', turn, '-t', String(seconds), '-c', 'copy', '-y', path]);
  return path;
}

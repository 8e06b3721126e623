import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg } from '../src/index.js';

/** A clip at 25 fps in which one face (of a photo that ships with face-api) drifts about. */
export async function buildPanningFace(path: string, { seconds = 10, width = 640 } = {}): Promise<string> {
  const photo = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo', 'sample3.jpg');
  const { path: ffmpeg } = await findFfmpeg();
  const drift = `crop=640:480:x='330+40*sin(t)':y='200+40*cos(1.3*t)',scale=${width}:-2`;
  await promisify(execFile)(ffmpeg, [
    ...['-v', 'error', '-loop', '1', '-framerate', '25', '-t', String(seconds), '-i', photo],
    ...['-vf', drift, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-y', path],
  ]);
  return path;
}

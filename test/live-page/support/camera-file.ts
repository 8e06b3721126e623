import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFfmpeg, runProcess } from '../../../src/ingest/ffmpeg/binaries.js';

/** A still picture as raw video, which Chromium's fake camera repeats; by default with fewer frames a second than cameras give, to spare the machine. */
export async function cameraFile(folder: string, name: string, png: Buffer, rate = 10): Promise<string> {
  const [still, film] = [join(folder, `${name}.png`), join(folder, `${name}.y4m`)];
  await writeFile(still, png);
  const { path } = await findFfmpeg();
  const input = ['-v', 'error', '-loop', '1', '-framerate', String(rate), '-i', still];
  await runProcess(path, [...input, '-t', '0.5', '-pix_fmt', 'yuv420p', '-y', film], 60_000);
  return film;
}

/** Chromium's flags for a camera that plays a file, with permission to use it. */
export function cameraFlags(file: string): string[] {
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${file}`,
  ];
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { findFfmpeg, runProcess } from '../../../src/ingest/ffmpeg/binaries.js';

/** A picture without a face. */
export async function emptyPicture(): Promise<Buffer> {
  return sharp({ create: { width: 640, height: 480, channels: 3, background: '#556677' } })
    .png()
    .toBuffer();
}

/** A still picture as Motion JPEG at 30 frames per second, which Chromium's fake camera repeats. */
export async function cameraFile(folder: string, name: string, png: Buffer): Promise<string> {
  const [still, film] = [join(folder, `${name}.png`), join(folder, `${name}.mjpeg`)];
  await writeFile(still, png);
  const { path } = await findFfmpeg();
  await runProcess(
    path,
    [
      '-v',
      'error',
      '-loop',
      '1',
      '-framerate',
      '30',
      '-i',
      still,
      '-t',
      '1',
      '-pix_fmt',
      'yuvj420p',
      '-c:v',
      'mjpeg',
      '-q:v',
      '3',
      '-y',
      film,
    ],
    60_000,
  );
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

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { findFfmpeg, runProcess } from '../../src/ingest/ffmpeg/binaries.js';
import type { Frame } from '../../src/ingest/frame.js';
import { cutOut, noiseFrame, PEOPLE, photoFrame } from './face-frames.js';
import { PATTERNS } from './striped-pictures.js';
import { writeTree } from './write-tree.js';

export interface FaceTreeOptions {
  /** Small copies of the first image, each a little smaller than the one before, to make the work longer. Default: 0 */
  readonly more?: number;
}

/**
 * A manifest data set with people (photos of the npm package @vladmandic/face-api): images with a face, small ones, one without; a folder of
 * frames with one damaged and one missing; a video labelled by frame, and a stretch of it; and a truncated image and a video that is none.
 */
export async function writeFaceTree(root: string, { more = 0 }: FaceTreeOptions = {}): Promise<void> {
  const { blond, ponytail } = PEOPLE;
  const [large, other] = await Promise.all([
    photoFrame(blond.photo, blond, 240, 240),
    photoFrame(ponytail.photo, ponytail, 480, 480),
  ]);
  const folder = Array.from({ length: 4 }, (_, i) => cutOut(other, 20 * i, 10, 400, 400));
  const pngs = await Promise.all(folder.map(png));
  await writeTree(root, {
    'large.png': await png(large),
    'small face.png': await sharp(await png(large))
      .extract({ left: 40, top: 40, width: 160, height: 160 })
      .resize(48, 48)
      .greyscale()
      .png()
      .toBuffer(),
    'noise.png': await png(noiseFrame(48, 48, 3)),
    'cut.png': (await png(other)).subarray(0, 5000),
    'clip/1.png': pngs[0]!,
    'clip/2.png': pngs[1]!,
    'clip/3.png': pngs[2]!.subarray(0, 3000),
    'clip/5.png': pngs[3]!,
    'none.mp4': 'no video at all',
  });
  const rows = [
    'path,label,frameLabels,start,end,subject,split',
    'large.png,happy,,,,Ann,train',
    'small face.png,sad,,,,Ann,train',
    'noise.png,sad,,,,,valid',
    'cut.png,fear,,,,,train',
    'clip,angry,,,,Eve,train',
    'none.mp4,fear,,,,,train',
    'walk.mp4,,walk.txt,,,Eve,test',
    'walk.mp4,surprise,,0.16,0.32,Eve,test',
  ];
  for (let i = 0; i < more; i++) {
    const side = 120 - 2 * i;
    await writeTree(root, {
      [`more/${i}.png`]: await sharp(await png(large))
        .resize(side, side)
        .png()
        .toBuffer(),
    });
    rows.push(`more/${i}.png,happy,,,,Ann,train`);
  }
  await writeFile(join(root, 'manifest.csv'), rows.join('\n'));
  await writeFile(join(root, 'walk.txt'), 'sad\n-1\nsad\nhappy\nhappy\n');
  await writeVideo(
    join(root, 'walk.mp4'),
    join(root, '.frames'),
    Array.from({ length: 8 }, (_, i) => cutOut(other, 8 * i, 10, 400, 400)),
  );
}

/**
 * A manifest of small pictures of three people, each of a class of its own, named as those of striped pictures: faces that are found at once, where a
 * search for one that is not there takes long. `training` and `test` of them in their splits.
 */
export async function writeFaces(root: string, { training = 6, test = 3 } = {}): Promise<void> {
  const rows = Array.from({ length: training + test }, (_, i) => ({
    path: `${i}.png`,
    label: PATTERNS[i % PATTERNS.length]!,
    split: i < training ? 'train' : 'test',
  }));
  const files = await Promise.all(rows.map(async ({ path }, i) => [path, await facePng(i)] as const));
  await writeTree(root, {
    ...Object.fromEntries(files),
    'manifest.csv': ['path,label,split', ...rows.map(({ path, label, split }) => `${path},${label},${split}`)].join(
      '\n',
    ),
  });
}

/** A small picture of one of three people by turns, each a little different from the others. */
export async function facePng(index: number): Promise<Buffer> {
  const { photo, left, ...section } = Object.values(PEOPLE)[index % 3]!;
  return png(await photoFrame(photo, { left: left + (index % 10), ...section }, 120, 120));
}

function png({ data, width, height }: Frame): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** At 25 frames a second. */
async function writeVideo(path: string, folder: string, frames: readonly Frame[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [i, frame] of frames.entries()) await writeFile(join(folder, `${i}.png`), await png(frame));
  const { path: ffmpeg } = await findFfmpeg();
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-framerate',
    '25',
    '-i',
    join(folder, '%d.png'),
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    path,
  ];
  const { exitCode, stderr } = await runProcess(ffmpeg, args, 60_000);
  if (exitCode !== 0) throw new Error(stderr);
}

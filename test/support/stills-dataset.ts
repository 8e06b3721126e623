import sharp from 'sharp';
import type { PixelImage } from '../../src/train/augment/pixel.js';
import { writeTree } from './write-tree.js';

const SIZE = 12;
const CLASSES = ['happy', 'sad', 'angry'];

/** What a file shows: every picture has a shade of its own. */
function shade(number: number): Promise<Buffer> {
  return sharp({ create: { width: SIZE, height: SIZE, channels: 3, background: { r: number, g: number, b: number } } })
    .png()
    .toBuffer();
}

/**
 * A manifest of grey pictures of three classes: 12 training images each and, in the split named, 3 each; then a training image that is a copy of a
 * tested one, and one that is damaged. The shades are 10, 14, 18 ... in the order of the manifest.
 */
export async function writeStills(root: string, testedSplit: 'valid' | 'test' = 'valid'): Promise<void> {
  const rows = CLASSES.flatMap((label) => [
    ...Array.from({ length: 12 }, (_, i) => ({ path: `${label}${i}.png`, label, split: 'train' })),
    ...Array.from({ length: 3 }, (_, i) => ({ path: `${label}-tested${i}.png`, label, split: testedSplit })),
  ]);
  const pictures = await Promise.all(rows.map((_, i) => shade(10 + 4 * i)));
  const files = Object.fromEntries(rows.map(({ path }, i) => [path, pictures[i]!]));
  const copied = files['happy-tested0.png']!;
  await writeTree(root, {
    ...files,
    'copy.png': copied,
    'cut.png': pictures[0]!.subarray(0, 60),
    'manifest.csv': [
      'path,label,split',
      ...rows.map(({ path, label, split }) => `${path},${label},${split}`),
      'copy.png,happy,train',
      'cut.png,sad,train',
    ].join('\n'),
  });
}

/** A picture as it is on disk, with as many channels as the file has. */
export async function readPicture(path: string): Promise<PixelImage> {
  // Left to itself, sharp makes colour of grey.
  const isGrey = (await sharp(path).metadata()).channels === 1;
  const { data, info } = await sharp(path)
    .toColourspace(isGrey ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: Float32Array.from(data), height: info.height, width: info.width, channels: info.channels };
}

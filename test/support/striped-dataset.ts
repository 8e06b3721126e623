import sharp from 'sharp';
import { PATTERNS, stripedPictures } from './striped-pictures.js';
import { writeTree } from './write-tree.js';

const SIZE = 16;

/**
 * A manifest of striped pictures that two epochs are enough to tell apart, `training` and `test` of them in their splits, and a training image
 * that is damaged.
 */
export async function writeStriped(root: string, { training = 36, test = 9 } = {}): Promise<void> {
  const pictures = stripedPictures(training + test, SIZE);
  const rows = Array.from({ length: training + test }, (_, i) => ({
    path: `${i}.png`,
    label: PATTERNS[i % PATTERNS.length]!,
    split: i < training ? 'train' : 'test',
  }));
  const files = await Promise.all(
    rows.map(async ({ path }, i) => {
      const own = pictures.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE);
      return [
        path,
        await sharp(own, { raw: { width: SIZE, height: SIZE, channels: 1 } })
          .png()
          .toBuffer(),
      ] as const;
    }),
  );
  await writeTree(root, {
    ...Object.fromEntries(files),
    'damaged.png': files[0]![1].subarray(0, 60),
    'manifest.csv': [
      'path,label,split',
      ...rows.map(({ path, label, split }) => `${path},${label},${split}`),
      'damaged.png,rows,train',
    ].join('\n'),
  });
}

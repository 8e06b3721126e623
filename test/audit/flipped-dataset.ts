import sharp from 'sharp';
import { PATTERNS, stripedPictures } from '../support/striped-pictures.js';
import { writeTree } from '../support/write-tree.js';

const SIZE = 16;

/**
 * A manifest of striped training pictures named by number, some of them labelled as the pattern after theirs, and a damaged one.
 * @returns ids of the pictures whose label is wrong
 */
export async function writeFlipped(root: string, { count = 90, every = 10 } = {}): Promise<string[]> {
  const pictures = stripedPictures(count, SIZE);
  const isWrong = (i: number): boolean => i % every === every - 1;
  const labelOf = (i: number): string => PATTERNS[(i + (isWrong(i) ? 1 : 0)) % PATTERNS.length]!;
  const numbers = Array.from({ length: count }, (_, i) => i);
  const files = await Promise.all(
    numbers.map(
      async (i) =>
        [
          `${i}.png`,
          await sharp(pictures.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE), {
            raw: { width: SIZE, height: SIZE, channels: 1 },
          })
            .png()
            .toBuffer(),
        ] as const,
    ),
  );
  await writeTree(root, {
    ...Object.fromEntries(files),
    'damaged.png': files[0]![1].subarray(0, 60),
    'manifest.csv': [
      'path,label,split',
      ...numbers.map((i) => `${i}.png,${labelOf(i)},train`),
      'damaged.png,rows,train',
    ].join('\n'),
  });
  return numbers.filter(isWrong).map((i) => `${i}.png`);
}

import { SeededRandom } from '../../src/train/util/seeded-random.js';

/** What the classes look like: easy to tell apart, and mirrored still of their class. */
export const PATTERNS = ['rows', 'columns', 'squares'] as const;

/** Shade of a pixel, 0 or 1. */
function isBright(pattern: number, x: number, y: number): boolean {
  const [column, row] = [Math.floor(x / 2) % 2, Math.floor(y / 2) % 2];
  return [row, column, (row + column) % 2][pattern] === 1;
}

/** Grey pictures of the patterns in turn, each of its own shades and with some noise. [count, size, size, 1] in 0..255 */
export function stripedPictures(count: number, size: number, seed = 1): Uint8Array {
  const pictures = new Uint8Array(count * size * size);
  for (let i = 0; i < count; i += 1) {
    const random = new SeededRandom(seed).fork(`picture ${i}`);
    const [dark, bright] = [20 + random.int(80), 150 + random.int(80)];
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1)
        pictures[(i * size + y) * size + x] = (isBright(i % PATTERNS.length, x, y) ? bright : dark) + random.int(20);
    }
  }
  return pictures;
}

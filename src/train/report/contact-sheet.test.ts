import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writePrepared } from '../../../test/support/prepared-folder.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import { CONTACT_SHEET, writeContactSheet } from './contact-sheet.js';

const SIZE = 48;
const geometry = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;

it('shows what was cut out, the worst first, under names that people read', async () => {
  const folder = join(await scratchDir(), 'crops');
  // Stripes of 2, 4, 3 and 6 pixels: the wider, the less detail.
  const widths = [2, 4, 3, 6, 2];
  const pixels = Uint8Array.from({ length: widths.length * SIZE * SIZE }, (_, i) => {
    const width = widths[Math.floor(i / (SIZE * SIZE))]!;
    return Math.floor((i % SIZE) / width) % 2 === 0 ? 50 : 200;
  });
  await writePrepared(
    folder,
    geometry,
    ['calm', 'happy'],
    [
      { id: 'sharp.png', label: 'happy' },
      { id: 'soft.png', label: 'calm' },
      { id: 'nobody.png', label: 'calm', origin: 'whole' },
      {
        ...{ id: 'p_happy.mp4#2', kind: 'clip' as const, label: 'happy' },
        frames: [
          { index: 134, timestamp: 5.36, crop: 3, flaw: 'blurred' },
          { index: 135, timestamp: 5.4, crop: 4, flaw: 'cut off' },
          { index: 136, timestamp: 5.44, crop: null },
        ],
      },
    ],
    pixels,
  );
  const { path, flawed } = await writeContactSheet(folder);
  expect([path, flawed]).toEqual([join(folder, CONTACT_SHEET), 2]);
  const text = await readFile(path, 'utf8');
  expect([...text.matchAll(/<b>([^<]*)<\/b>\s*(\w+)\s*<span class="id">([^<]*)</g)].map((m) => m.slice(1))).toEqual([
    ['cut off', 'happy', 'p_happy.mp4, 5.4 s'],
    ['blurred', 'happy', 'p_happy.mp4, 5.4 s'],
    ['no face found, whole image', 'calm', 'nobody.png'],
    ['whole face', 'calm', 'soft.png'],
    ['whole face', 'happy', 'sharp.png'],
  ]);
  expect(text.match(/src="data:image\/jpeg/g)).toHaveLength(5);
  expect(text).toContain('Training leaves out the 2 that are cut off or blurred');
  expect(text).toContain(
    'Training leaves out the 1 without a detected face, unless &quot;noFace&quot; is &quot;whole&quot;',
  );
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { readPicture } from '../../../../test/support/stills-dataset.js';
import type { PixelImage } from '../../augment/pixel.js';
import { decodeStills, writePng } from './image-pools.js';

it('writes and reads grey and colour without loss; fractions are rounded', async () => {
  const path = join(await scratchDir(), 'picture.png');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1 as const, 3 as const),
      fc.uint8Array({ minLength: 300, maxLength: 300 }),
      async (channels, pixels) => {
        const image: PixelImage = {
          data: Float32Array.from(pixels.subarray(0, 100 * channels)),
          height: 10,
          width: 10,
          channels,
        };
        await writePng(path, { ...image, data: image.data.map((value) => Math.min(255, Math.max(0, value + 0.4))) });
        expect(await readPicture(path)).toEqual(image);
        const { faces, failures } = await decodeStills([path, path], 10, channels);
        expect([...failures]).toEqual([]);
        expect(faces.get(path)).toEqual(image);
      },
    ),
    { numRuns: 20 },
  );
});

it('turns, flattens and resizes; says which files it cannot read', async () => {
  const dir = await scratchDir();
  const half = await sharp({
    create: { width: 20, height: 40, channels: 4, background: { r: 200, g: 200, b: 200, alpha: 1 } },
  })
    .composite([{ input: { create: { width: 20, height: 20, channels: 3, background: '#000' } }, top: 0, left: 0 }])
    .png()
    .toBuffer();
  const [upright, sideways, broken, missing] = ['upright.png', 'sideways.jpg', 'broken.png', 'missing.png'].map(
    (name) => join(dir, name),
  );
  await writeFile(upright!, half);
  // Orientation 6: to be shown turned clockwise, so that the top comes to lie on the right.
  await sharp(half).flatten().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toFile(sideways!);
  await writeFile(broken!, 'no picture');
  const { faces, failures } = await decodeStills([upright!, sideways!, broken!, missing!], 10, 1);
  expect([...failures.keys()].sort()).toEqual([broken, missing]);
  const at = (path: string, x: number, y: number): number => faces.get(path)!.data[y * 10 + x]!;
  expect([at(upright!, 5, 1), at(upright!, 5, 8)]).toEqual([0, 200]);
  expect(at(sideways!, 8, 5)).toBeLessThan(5);
  expect(at(sideways!, 1, 5)).toBeGreaterThan(195);
});

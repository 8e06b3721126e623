import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { writeTree } from '../../../../test/support/write-tree.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { MemoryCrops, decodeImages } from './image-crops.js';

const dir = await scratchDir();
const GREY = { ...DEFAULT_CROP, size: 4, channels: 1 } as const;
const COLOUR = { ...GREY, channels: 3 } as const;

async function picture(r: number, g: number, b: number, { size = 4, alpha = 1 } = {}): Promise<Buffer> {
  return sharp({ create: { width: size, height: size, channels: 4, background: { r, g, b, alpha } } })
    .png()
    .toBuffer();
}

const red = await picture(200, 0, 0);
await writeTree(dir, {
  'red.png': red,
  'dark.png': await picture(10, 10, 10, { size: 9 }),
  'bright.png': await picture(240, 240, 240, { alpha: 0.5 }),
  'damaged.png': red.subarray(0, 50),
  'notes.png': 'no picture',
});
const at = (...names: readonly string[]): string[] => names.map((name) => join(dir, name));

describe('images as crops', () => {
  it('are brought to size and to grey, or to colour', async () => {
    const grey = await decodeImages(at('dark.png', 'bright.png'), GREY);
    expect(grey.places).toEqual([0, 1]);
    expect([...(await grey.crops.read([1, 0]))]).toEqual([
      // Half transparent, on black.
      ...new Array<number>(16).fill(120),
      ...new Array<number>(16).fill(10),
    ]);
    const colour = await decodeImages(at('red.png', 'dark.png'), COLOUR);
    expect([...(await colour.crops.read([0]))].slice(0, 6)).toEqual([200, 0, 0, 200, 0, 0]);
    expect(colour.crops.geometry).toEqual(COLOUR);
  });

  it('are grey by luma, and grey ones stay unchanged', async () => {
    const shades = Uint8Array.from({ length: 256 }, (_, i) => i);
    await writeTree(dir, {
      'shades.png': await sharp(shades, { raw: { width: 16, height: 16, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
      'blue.png': await picture(20, 60, 250),
    });
    const { crops } = await decodeImages(at('shades.png'), { ...GREY, size: 16 });
    expect(await crops.read([0])).toEqual(shades);
    const coloured = await decodeImages(at('red.png', 'blue.png'), GREY);
    expect([...(await coloured.crops.read([0, 1]))].filter((_, i) => i % 16 === 0)).toEqual([60, 70]); // 0.299 * 200; 0.299 * 20 + 0.587 * 60 + 0.114 * 250
  });

  it('are upright, as their EXIF orientation says', async () => {
    // Dark above, bright below; to be turned by 90 degrees to the right, which puts what is below to the left.
    const upDown = sharp(
      Uint8Array.from({ length: 16 }, (_, i) => (i < 8 ? 10 : 240)),
      { raw: { width: 4, height: 4, channels: 1 } },
    );
    await writeTree(dir, { 'turned.png': await upDown.withMetadata({ orientation: 6 }).png().toBuffer() });
    const { crops } = await decodeImages(at('turned.png'), GREY);
    expect([...(await crops.read([0]))].slice(0, 4)).toEqual([240, 240, 10, 10]);
  });

  it('that cannot be decoded have a reason in their place, and the others keep theirs', async () => {
    const progress: number[] = [];
    const { crops, places } = await decodeImages(
      at('damaged.png', 'dark.png', 'none.png', 'notes.png', 'bright.png'),
      GREY,
      (done) => progress.push(done),
    );
    const reason = { failed: expect.stringMatching(/./) as string };
    expect(places).toEqual([reason, 1, reason, reason, 4]);
    expect([...(await crops.read([4, 1]))].filter((_, i) => i % 16 === 0)).toEqual([120, 10]);
    expect(progress).toEqual([1, 2, 3, 4, 5]);
  });

  it('beyond what memory holds are refused with a way out', async () => {
    const huge = { ...COLOUR, size: 20_000 };
    await expect(decodeImages(at('red.png'), huge)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('fer dataset prepare') as string,
    });
  });

  it('read are copies', async () => {
    const crops = new MemoryCrops({ ...GREY, size: 1 }, Uint8Array.of(1, 2, 3));
    expect(crops.count).toBe(3);
    (await crops.read([0, 2])).fill(9);
    expect([...(await crops.read([2, 0, 0]))]).toEqual([3, 1, 1]);
  });
});

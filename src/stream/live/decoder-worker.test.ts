import fc from 'fast-check';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PEOPLE } from '../../../test/support/face-frames.js';
import { webcamJpeg } from '../../../test/support/live-sessions.js';
import { withSize } from '../../../test/support/resized-header.js';
import type { Picture } from '../../ingest/frame.js';
import { WorkerPool } from '../../workers/worker-pool.js';
import type { Problem } from '../protocol/messages.js';
import type { DecoderApi, DecoderSetup } from './decoder-worker.js';

const LIMIT = 4_000_000;
const { photo, ...section } = PEOPLE.ponytail;

let jpeg: Uint8Array;
let decoder: WorkerPool<null, DecoderApi>;
beforeAll(async () => {
  jpeg = await webcamJpeg(photo, section, 160, 120);
  decoder = await openDecoder(LIMIT);
});
afterAll(() => decoder.close());

function openDecoder(maxPixels: number): Promise<WorkerPool<null, DecoderApi>> {
  const module = new URL('./decoder-worker.ts', import.meta.url);
  return WorkerPool.open({ workers: 1, module, name: 'decoder', setup: { maxPixels } satisfies DecoderSetup });
}

function decodeJpeg(bytes: Uint8Array): Promise<Picture | Problem> {
  return decoder.call('decode', bytes);
}

/** Red left half, blue right half. */
function twoColours(width: number, height: number): Sharp {
  const half = { width: width / 2, height, channels: 3 as const };
  return sharp({ create: { width, height, channels: 3, background: '#00f' } }).composite([
    { input: { create: { ...half, background: '#f00' } }, left: 0, top: 0 },
  ]);
}

test('gives packed RGB', async () => {
  const decoded = await decodeJpeg(
    await twoColours(32, 16).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
  );
  if ('code' in decoded) throw new Error(decoded.message);
  expect([decoded.width, decoded.height, decoded.data.length]).toEqual([32, 16, 32 * 16 * 3]);
  const [red, blue] = [decoded.data.slice(3 * (5 * 32 + 4)), decoded.data.slice(3 * (5 * 32 + 27))];
  expect(red[0]! - red[2]!).toBeGreaterThan(230);
  expect(blue[2]! - blue[0]!).toBeGreaterThan(230);
});

test.each([
  ['grey', (picture: Sharp) => picture.greyscale()],
  ['CMYK', (picture: Sharp) => picture.toColourspace('cmyk')],
] as const)('gives RGB for a %s JPEG as well', async (_, change) => {
  expect(await decodeJpeg(await change(sharp(jpeg)).jpeg().toBuffer())).toMatchObject({
    width: 160,
    height: 120,
    data: { length: 160 * 120 * 3 },
  });
});

test('turns a picture as its EXIF orientation says', async () => {
  const lying = await twoColours(32, 16)
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const decoded = await decodeJpeg(lying);
  if ('code' in decoded) throw new Error(decoded.message);
  expect([decoded.width, decoded.height]).toEqual([16, 32]);
  expect(decoded.data[3 * (4 * 16 + 8)]).toBeGreaterThan(230);
  expect(decoded.data[3 * (27 * 16 + 8)]).toBeLessThan(25);
});

describe('refuses', () => {
  test('other formats', async () => {
    const bad = { code: 'BAD_PICTURE', message: expect.stringMatching(/not a JPEG/) as string };
    expect(await decodeJpeg(await sharp(jpeg).png().toBuffer())).toEqual(bad);
    expect(await decodeJpeg(await sharp(jpeg).webp().toBuffer())).toEqual(bad);
    expect(
      await decodeJpeg(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')),
    ).toEqual(bad);
    expect(await decodeJpeg(new Uint8Array(0))).toEqual(bad);
  });

  test('a JPEG truncated at any place', async () => {
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      expect(await decodeJpeg(jpeg.subarray(0, Math.floor(jpeg.length * share)))).toMatchObject({
        code: 'BAD_PICTURE',
      });
    }
    const cut = await decodeJpeg(jpeg.subarray(0, jpeg.length - 100));
    expect(cut).toEqual({
      code: 'BAD_PICTURE',
      message: expect.stringMatching(/^[^\n]*premature end[^\n]*all of its bytes[^\n]*$/) as string,
    });
  });

  test('random bytes, with and without the start of a JPEG', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, isDisguised) => {
        const given = isDisguised ? Uint8Array.of(0xff, 0xd8, 0xff, ...bytes) : bytes;
        expect(await decodeJpeg(given)).toMatchObject({ code: 'BAD_PICTURE' });
      }),
      { numRuns: 100 },
    );
  });

  test('a JPEG with bytes overwritten, or decodes it; it never throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: jpeg.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 20 }),
        async (changes) => {
          const damaged = jpeg.slice();
          for (const [at, value] of changes) damaged[at] = value;
          const decoded = await decodeJpeg(damaged);
          if ('code' in decoded) expect(['BAD_PICTURE', 'PICTURE_TOO_LARGE']).toContain(decoded.code);
          else expect(decoded.data).toHaveLength(decoded.width * decoded.height * 3);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('30,000 x 30,000 pixels by the header alone', async () => {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i += 1) {
      expect(await decodeJpeg(withSize(jpeg, 30_000, 30_000))).toEqual({
        code: 'PICTURE_TOO_LARGE',
        message: expect.stringContaining('4000000 pixels') as string,
      });
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  test('one pixel more than allowed', async () => {
    for (const [limit, answer] of [
      [160 * 120, { width: 160 }],
      [160 * 120 - 1, { code: 'PICTURE_TOO_LARGE' }],
    ] as const) {
      const own = await openDecoder(limit);
      expect(await own.call('decode', jpeg)).toMatchObject(answer);
      await own.close();
    }
  });
});

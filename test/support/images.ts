import fc from 'fast-check';
import { expect } from 'vitest';
import type { PixelImage } from '../../src/train/augment/pixel.js';

/** Small pictures of every shape, grey and colour. */
export const images: fc.Arbitrary<PixelImage> = fc
  .record({
    height: fc.integer({ min: 1, max: 12 }),
    width: fc.integer({ min: 1, max: 12 }),
    channels: fc.constantFrom(1, 3),
  })
  .chain((shape) => {
    const size = shape.height * shape.width * shape.channels;
    return fc
      .float32Array({ min: 0, max: 255, noNaN: true, minLength: size, maxLength: size })
      .map((data) => ({ ...shape, data }));
  });

export function grey(rows: readonly (readonly number[])[]): PixelImage {
  return { data: Float32Array.from(rows.flat()), height: rows.length, width: rows[0]!.length, channels: 1 };
}

/** The result of a change to a picture: shape kept, values in 0..255, and the picture itself untouched. */
export function changed(image: PixelImage, change: (image: PixelImage) => PixelImage): PixelImage {
  const before = image.data.slice();
  const result = change(image);
  expect(image.data).toEqual(before);
  const { height, width, channels } = image;
  expect([result.height, result.width, result.channels, result.data.length]).toEqual([
    ...[height, width, channels],
    before.length,
  ]);
  expect(result.data.every((value) => value >= 0 && value <= 255)).toBe(true);
  return result;
}

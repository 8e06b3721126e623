import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PpmReader } from './ppm-reader.js';
import type { PpmPicture } from './ppm-reader.js';

function written({ width, height, data }: PpmPicture): Buffer {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), data]);
}

const pictures = fc.array(
  fc
    .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
    .chain(({ width, height }) =>
      // Newlines among the pixels must not be taken for those of a header.
      fc
        .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3, max: 12 })
        .map((data) => ({ width, height, data })),
    ),
  { maxLength: 5 },
);

it('gives back what was written, however it is cut', () => {
  fc.assert(
    fc.property(pictures, fc.integer({ min: 1, max: 200 }), (sent, size) => {
      const bytes = Buffer.concat(sent.map(written));
      const reader = new PpmReader();
      const got: PpmPicture[] = [];
      for (let at = 0; at < bytes.length; at += size) got.push(...reader.push(bytes.subarray(at, at + size)));
      expect(got).toEqual(sent);
    }),
  );
});

it.each(['P5\n1 1\n255\n', 'P6\n0 4\n255\n', 'P6\n1 1\n65535\n', 'x'.repeat(40)])('refuses %j', (text) => {
  expect(() => [...new PpmReader().push(Buffer.from(text))]).toThrow(/where a picture should begin/);
});

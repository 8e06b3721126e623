import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sentSize } from './camera-feed.js';

it('sends a picture unchanged, or scaled down in proportion to 640 per side and the limit of the server', () => {
  expect(sentSize({ width: 640, height: 480 }, 1e6)).toEqual({ width: 640, height: 480 });
  expect(sentSize({ width: 1080, height: 1920 }, 1e6)).toEqual({ width: 360, height: 640 });
  const side = fc.integer({ min: 16, max: 4000 });
  fc.assert(
    fc.property(side, side, fc.integer({ min: 10_000, max: 1_000_000 }), (width, height, pixels) => {
      const sent = sentSize({ width, height }, pixels);
      expect(Math.max(sent.width, sent.height)).toBeLessThanOrEqual(Math.min(640, Math.max(width, height)));
      expect(sent.width * sent.height).toBeLessThanOrEqual(pixels);
      const scale = Math.max(sent.width / width, sent.height / height);
      expect(Math.abs(sent.width - width * scale)).toBeLessThanOrEqual(1);
      expect(Math.abs(sent.height - height * scale)).toBeLessThanOrEqual(1);
    }),
  );
});

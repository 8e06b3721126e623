import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../frame.js';
import { toRgb, yuvToRgb } from '../../frame.js';
import { fillLetterbox, fitLetterbox } from '../detect/letterbox.js';
import { lumaSignature } from '../track/scene-cut.js';
import { warpRgb } from './warp.js';

const SCALING = { gain: 1 / 127.5, offset: [-1, -0.9, -0.8] } as const;
const CONVERSION = fc
  .record({ space: fc.constantFrom('unknown', 'bt709', 'bt2020nc'), range: fc.constantFrom('tv', 'pc') } as const)
  .map(({ space, range }) => yuvToRgb(space, range));

/** Noise in the luma, colours that change slowly. */
const pictures = fc
  .record({
    width: fc.integer({ min: 30, max: 200 }),
    height: fc.integer({ min: 30, max: 200 }),
    yuv: CONVERSION,
    seed: fc.nat(),
  })
  .map(({ width, height, yuv, seed }): Frame => {
    const [columns, rows] = [(width + 1) >> 1, (height + 1) >> 1];
    let state = seed;
    const luma = Array.from({ length: width * height }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return 100 + (state >>> 27);
    });
    const u = Array.from({ length: columns * rows }, (_, i) => 118 + (20 * (i % columns)) / columns);
    const v = Array.from({ length: columns * rows }, (_, i) => 138 - (20 * Math.floor(i / columns)) / rows);
    return { index: 0, timestamp: 0, width, height, data: Uint8Array.from([...luma, ...u, ...v]), yuv };
  });

function rgbOf({ index, timestamp, width, height, ...rest }: Frame): Frame {
  return { index, timestamp, width, height, data: toRgb({ width, height, ...rest }) };
}

/** In values of a byte. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / SCALING.gain;
}

describe('sampling YUV', () => {
  it('gives what sampling its RGB gives, wherever a crop is, turned and scaled in any way', () => {
    fc.assert(
      fc.property(
        pictures,
        fc.double({ min: 0.3, max: 9, noNaN: true }),
        fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
        fc.double({ min: -100, max: 300, noNaN: true }),
        (frame, scale, angle, shift) => {
          const size = 24;
          const toFrame = { a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx: shift, ty: 200 - shift };
          const [own, other] = [new Float32Array(size * size * 3 + 1), new Float32Array(size * size * 3 + 1)];
          warpRgb(frame, toFrame, size, SCALING, own, 1);
          warpRgb(rgbOf(frame), toFrame, size, SCALING, other, 1);
          // Chroma is one value, not a mean: it changes by less than 1 from one to the next, in small pictures a little more.
          expect(largestDifference(own, other)).toBeLessThan(6);
          expect([own[0], own.includes(NaN)]).toEqual([0, false]);
        },
      ),
    );
  });

  it('gives what sampling its RGB gives for a detector, with the same black around it', () => {
    fc.assert(
      fc.property(
        pictures,
        fc.integer({ min: -150, max: 150 }),
        fc.integer({ min: 40, max: 400 }),
        (frame, at, side) => {
          const letterbox = fitLetterbox({ x: at, y: -at / 2, width: side, height: side / 2 }, 64, 32);
          const length = letterbox.width * letterbox.height * 3;
          const [own, other] = [new Float32Array(length), new Float32Array(length)];
          fillLetterbox(frame, letterbox, SCALING, own);
          fillLetterbox(rgbOf(frame), letterbox, SCALING, other);
          expect(largestDifference(own, other)).toBeLessThan(6);
          const centre = { x: letterbox.x + letterbox.scale / 2, y: letterbox.y + letterbox.scale / 2 };
          if (centre.x < 0 || centre.y < 0 || centre.x >= frame.width || centre.y >= frame.height)
            expect([...own.subarray(0, 3)]).toEqual([...Float32Array.from(SCALING.offset)]);
        },
      ),
    );
  });

  it('sees the same brightness', () => {
    fc.assert(
      fc.property(pictures, (frame) => {
        const [own, other] = [lumaSignature(frame), lumaSignature(rgbOf(frame))];
        own.forEach((value, i) => {
          expect(Math.abs(value - other[i]!)).toBeLessThan(0.03);
        });
      }),
    );
  });
});

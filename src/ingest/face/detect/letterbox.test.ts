import { describe, expect, it } from 'vitest';
import { noiseFrame, plainFrame } from '../../../../test/support/face-frames.js';
import { fillLetterbox, fitLetterbox, toFrame } from './letterbox.js';

const RAW = { gain: 1, offset: [0, 0, 0] } as const;

describe('letterbox', () => {
  it('is no larger than the region needs', () => {
    expect(fitLetterbox({ x: 0, y: 0, width: 640, height: 480 }, 256, 32)).toEqual({
      width: 256,
      height: 192,
      scale: 2.5,
      x: 0,
      y: 0,
    });
    const wide = fitLetterbox({ x: 0, y: 0, width: 1280, height: 720 }, 256, 32);
    expect([wide.width, wide.height]).toEqual([256, 160]);
    expect(wide.y).toBeCloseTo(-40); // 8 of the 160 rows above, 8 below
  });

  it('places the padding as requested', () => {
    const { x, y } = fitLetterbox({ x: 0, y: 0, width: 640, height: 480 }, 320, 320, 'start');
    expect([x, y]).toEqual([0, 0]);
  });

  it('maps back to the frame', () => {
    const box = fitLetterbox({ x: 100, y: 50, width: 200, height: 200 }, 128, 32);
    expect(toFrame(box, { x: 64, y: 64 })).toEqual({ x: 200, y: 150 });
  });

  it('copies pixels at scale 1', () => {
    const frame = noiseFrame(64, 64, 3);
    const target = new Float32Array(64 * 64 * 3);
    fillLetterbox(frame, fitLetterbox({ x: 0, y: 0, width: 64, height: 64 }, 64, 32), RAW, target);
    expect([...target].every((value, i) => Math.abs(value - frame.data[i]!) < 1e-3)).toBe(true);
  });

  it('averages when shrinking', () => {
    const target = new Float32Array(32 * 32 * 3);
    const stripes = plainFrame(64, 64, (x) => (x % 2) * 200);
    fillLetterbox(stripes, fitLetterbox({ x: 0, y: 0, width: 64, height: 64 }, 32, 32), RAW, target);
    for (const value of target) expect(value).toBeCloseTo(100, 3);
  });

  it('is black outside the frame, scaled like any other black', () => {
    const target = new Float32Array(32 * 32 * 3);
    fillLetterbox(
      plainFrame(32, 16, () => 255),
      fitLetterbox({ x: 0, y: 0, width: 32, height: 16 }, 32, 32),
      { gain: 1 / 127.5, offset: [-1, -1, -1] },
      target,
    );
    expect(target[0]).toBe(-1);
    expect(target[16 * 32 * 3]).toBeCloseTo(1);
  });
});

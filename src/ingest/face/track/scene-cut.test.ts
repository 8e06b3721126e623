import { beforeAll, describe, expect, it } from 'vitest';
import { atRate, noiseFrame, photoFrame, plainFrame, slide } from '../../../../test/support/face-frames.js';
import type { Frame } from '../../frame.js';
import { SceneCuts } from './scene-cut.js';

let one: Frame;
let other: Frame;

beforeAll(async () => {
  one = await photoFrame('sample1.jpg', { left: 0, top: 0, width: 1920, height: 1280 }, 480, 320);
  other = await photoFrame('sample4.jpg', { left: 0, top: 0, width: 1920, height: 1280 }, 480, 320);
});

function cutsIn(frames: readonly Frame[]): number[] {
  const cuts = new SceneCuts();
  return atRate(frames, 25).flatMap((frame) => (cuts.compare(frame) === 'cut' ? [frame.index] : []));
}

describe('SceneCuts', () => {
  it('detects the first frame of a new shot', () => {
    expect(cutsIn([one, one, one, other, other, one])).toEqual([3, 5]);
  });

  it('does not take a fast pan for a cut', () => {
    expect(cutsIn(slide(one, 20, 300, [0, 10], [8, 0]))).toEqual([]);
  });

  it('does not take a flash for a cut', () => {
    const flash = { ...one, data: one.data.map((value) => Math.min(255, value + 60)) };
    expect(cutsIn([one, one, flash, one, one])).toEqual([]);
  });

  it('reports no cuts in footage that changes completely all the time', () => {
    const noise = Array.from({ length: 30 }, (_, i) => noiseFrame(64, 48, i));
    expect(cutsIn(noise).every((index) => index < 8)).toBe(true);
  });

  it('detects a cut to black and back', () => {
    const black = plainFrame(480, 320, () => 0);
    expect(cutsIn([other, other, black, black, other])).toEqual([2, 4]);
  });
});

import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import type { FacePose } from './face-path.js';
import { facePath } from './face-path.js';

it('drifts and jitters, about the place and size of the still image', () => {
  const poses = Array.from({ length: 50 }, (_, seed) => facePath(32, new SeededRandom(seed)));
  // What a pose may be: the drift and six standard deviations of the jitter.
  const limits: Readonly<Record<keyof FacePose, readonly [number, number]>> = {
    right: [0, 0.096],
    down: [0, 0.096],
    scale: [1.04, 0.08],
    turn: [0, 9],
    brightness: [1, 0.21],
  };
  for (const [name, [middle, reach]] of Object.entries(limits)) {
    const values = poses.map((path) => path.map((pose) => pose[name as keyof FacePose]));
    for (const value of values.flat()) expect(Math.abs(value - middle)).toBeLessThan(reach);
    const mean = values.flat().reduce((sum, value) => sum + value, 0) / (50 * 32);
    expect(Math.abs(mean - middle)).toBeLessThan(reach / 8);
    // Never quite still, even where the path turns.
    for (const path of values) expect(new Set(path).size).toBe(32);
    expect(Math.max(...values.flat()) - Math.min(...values.flat())).toBeGreaterThan(reach / 2);
  }
});

it('is the same for the same seed', () => {
  expect(facePath(16, new SeededRandom(4))).toEqual(facePath(16, new SeededRandom(4)));
  expect(facePath(16, new SeededRandom(4))).not.toEqual(facePath(16, new SeededRandom(5)));
});

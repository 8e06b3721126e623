import { expect, it } from 'vitest';
import { grey } from '../../../../test/support/images.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { openMouth, speech } from './speech.js';

it('moves the mouth in some clips, several times a second, and not in others', () => {
  const clips = Array.from({ length: 100 }, (_, seed) => speech(50, new SeededRandom(seed)));
  const speaking = clips.filter((opening) => opening.some((value) => value > 0));
  expect(speaking.length).toBeGreaterThan(25);
  expect(speaking.length).toBeLessThan(60);
  for (const opening of speaking) {
    const peaks = opening.filter((value, t) => t > 0 && value > opening[t - 1]! && value >= (opening[t + 1] ?? 0));
    expect(peaks.length).toBeGreaterThan(3);
    expect(peaks.length).toBeLessThan(26);
    expect(Math.max(...opening)).toBeLessThan(0.1);
  }
});

it('opens the mouth and leaves the eyes alone', () => {
  const rows = Array.from({ length: 48 }, (_, y) => Array.from({ length: 48 }, () => 5 * y));
  const closed = grey(rows);
  const open = openMouth(closed, 0.06);
  const change = (x: number, y: number): number => open.data[y * 48 + x]! - closed.data[y * 48 + x]!;
  expect(change(24, 39)).toBeLessThan(-5); // what was above is here now
  expect(Math.abs(change(24, 18))).toBeLessThan(0.1);
  expect(openMouth(closed, 0)).toBe(closed);
});

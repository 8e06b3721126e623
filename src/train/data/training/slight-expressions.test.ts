import { expect, it } from 'vitest';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { MemoryCrops } from '../crops/image-crops.js';
import { SlightExpressions } from './slight-expressions.js';

const SIZE = 24;
const geometry = { ...DEFAULT_CROP, size: SIZE };
/** A ramp to the right or downwards: two kinds of faces. */
const ramp = (right: boolean): number[] =>
  Array.from({ length: SIZE * SIZE }, (_, i) => 40 + 6 * (right ? i % SIZE : Math.floor(i / SIZE)));
const crops = new MemoryCrops(geometry, Uint8Array.from([...ramp(true), ...ramp(false), ...ramp(true)]));
const face = (crop: number, label: number) => ({ id: String(crop), crop, label, shares: null });
const samples = [face(0, 0), face(1, 0), face(2, 1)];

it('mixes an expressive face with the neutral one that is most like it, and keeps most of its label', async () => {
  const slight = new SlightExpressions(crops, samples, { probability: 1, least: 0.4, neutral: 0 });
  for (let seed = 0; seed < 20; seed += 1) {
    const data = Float32Array.from(await crops.read([2]));
    const { share, kept, rest } = (await slight.apply(data, 1, new SeededRandom(seed)))!;
    expect(rest).toBe(samples[0]);
    expect(kept).toBeCloseTo(share ** 0.6, 9);
    expect(kept).toBeGreaterThan(0.4 ** 0.6 - 1e-6);
    expect(kept).toBeLessThan(1);
    // The most similar neutral face is the same picture: nothing changes.
    ramp(true).forEach((value, i) => {
      expect(Math.abs(data[i]! - value)).toBeLessThan(1e-3);
    });
  }
});

it('keeps brightness and contrast of the expressive face', async () => {
  const slight = new SlightExpressions(crops, [face(1, 0)], { probability: 1, least: 0.4, neutral: 0 });
  const data = Float32Array.from(await crops.read([2]));
  await slight.apply(data, 1, new SeededRandom(1));
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  expect(mean).toBeCloseTo(40 + (6 * (SIZE - 1)) / 2, 1);
  expect(data[SIZE * (SIZE - 1)]! - data[0]!).toBeGreaterThan(10); // some of the ramp downwards
});

it('leaves neutral faces, and those that chance spares, unchanged', async () => {
  const always = new SlightExpressions(crops, samples, { probability: 1, least: 0.4, neutral: 0 });
  const never = new SlightExpressions(crops, samples, { probability: 0, least: 0.4, neutral: 0 });
  const data = Float32Array.from(ramp(false));
  expect(await always.apply(data, 0, new SeededRandom(1))).toBeNull();
  expect(await never.apply(data, 1, new SeededRandom(1))).toBeNull();
  expect([...data]).toEqual(ramp(false));
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { areaAverage, fitCrops } from './crop-source.js';
import { MemoryCrops } from './image-crops.js';

describe('area average', () => {
  it('is the mean of whole blocks', () => {
    const picture = Uint8Array.of(0, 2, 10, 10, 4, 6, 10, 14, 100, 100, 0, 0, 100, 100, 0, 255);
    expect([...areaAverage(4, 2, 1)(picture)]).toEqual([3, 11, 100, 64]);
  });

  it('counts pixels in part: of three, each new one takes one and a half', () => {
    const picture = Uint8Array.of(0, 90, 180, 0, 90, 180, 0, 90, 180);
    expect([...areaAverage(3, 2, 1)(picture)]).toEqual([30, 150, 30, 150]);
  });

  it('keeps colours apart', () => {
    const picture = Uint8Array.from({ length: 4 * 3 }, (_, i) => [10, 20, 30][i % 3]!);
    expect([...areaAverage(2, 1, 3)(picture)]).toEqual([10, 20, 30]);
  });

  it('keeps flat pictures flat and the mean unchanged, for any sizes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 48 }),
        fc.integer({ min: 1, max: 48 }),
        fc.nat({ max: 255 }),
        (a, b, shade) => {
          const [from, to] = [Math.max(a, b), Math.min(a, b)];
          const shrink = areaAverage(from, to, 1);
          expect(new Set(shrink(new Uint8Array(from * from).fill(shade)))).toEqual(new Set([shade]));
          const ramp = Uint8Array.from({ length: from * from }, (_, i) => (i * 37) % 251);
          const mean = (values: Uint8Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
          expect(Math.abs(mean(shrink(ramp)) - mean(ramp))).toBeLessThanOrEqual(0.51);
        },
      ),
    );
  });
});

describe('crops for a network', () => {
  const geometry = { ...DEFAULT_CROP, size: 4 };
  const crops = new MemoryCrops(
    geometry,
    Uint8Array.from({ length: 3 * 16 }, (_, i) => 10 * Math.floor(i / 16)),
  );

  it('are themselves where they fit', () => {
    expect(fitCrops(crops, { ...geometry })).toBe(crops);
  });

  it('are scaled down if larger, at any place', async () => {
    const small = fitCrops(crops, { ...geometry, size: 3 })!;
    expect(small.geometry.size).toBe(3);
    expect(small.count).toBe(3);
    expect([...(await small.read([2, 0]))]).toEqual([
      ...new Array<number>(9).fill(20),
      ...new Array<number>(9).fill(0),
    ]);
  });

  it('are never enlarged or changed otherwise', () => {
    expect(fitCrops(crops, { ...geometry, size: 5 })).toBeNull();
    expect(fitCrops(crops, { ...geometry, size: 3, channels: 3 })).toBeNull();
    expect(fitCrops(crops, { ...geometry, size: 3, eyes: { x: 0.5, y: 0.3 } })).toBeNull();
  });
});

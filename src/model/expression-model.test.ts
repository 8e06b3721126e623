import fc from 'fast-check';
import { expect, it } from 'vitest';
import { qualityTemperature, tempered } from './expression-model.js';

const BY = { size: 0.4, sharpness: 0.5, yaw: 0.8 };

it('leaves good pictures unchanged', () => {
  expect(qualityTemperature({ size: 18, sharpness: 1, yaw: 20 }, BY)).toBe(1);
  expect(qualityTemperature({ size: 200, sharpness: 1, yaw: -10 }, BY)).toBe(1);
});

it('rises with every lack of quality, is finite and never below 1', () => {
  const quality = fc.record({
    size: fc.double({ min: 0, max: 300, noNaN: true }),
    sharpness: fc.double({ min: 0, max: 1, noNaN: true }),
    yaw: fc.double({ min: -90, max: 90, noNaN: true }),
  });
  fc.assert(
    fc.property(quality, (q) => {
      const temperature = qualityTemperature(q, BY);
      expect(temperature).toBeGreaterThanOrEqual(1);
      expect(temperature).toBeLessThanOrEqual(20);
      expect(qualityTemperature({ ...q, size: q.size / 2 }, BY)).toBeGreaterThanOrEqual(temperature);
      expect(qualityTemperature({ ...q, sharpness: q.sharpness / 2 }, BY)).toBeGreaterThanOrEqual(temperature);
      expect(qualityTemperature({ ...q, yaw: 90 }, BY)).toBeGreaterThanOrEqual(temperature);
    }),
  );
});

it('flattens posteriors without changing their order', () => {
  const sure = Float32Array.from([0.9, 0.08, 0.02]);
  expect(tempered(sure, 1)).toBe(sure);
  const unsure = tempered(sure, 3);
  expect(unsure[0]!).toBeLessThan(0.65);
  expect(unsure[0]!).toBeGreaterThan(unsure[1]!);
  expect(unsure[1]!).toBeGreaterThan(unsure[2]!);
  expect(unsure.reduce((a, b) => a + b)).toBeCloseTo(1);
  expect(Math.max(...tempered(Float32Array.from([1, 0, 0]), 1e6))).toBeCloseTo(1 / 3, 3);
});

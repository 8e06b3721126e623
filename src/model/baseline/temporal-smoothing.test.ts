import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothPosteriors } from './temporal-smoothing.js';

const posteriors = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((raw) => Float32Array.from(raw, (p) => p / raw.reduce((a, b) => a + b)));

describe('smoothPosteriors', () => {
  it('returns distributions, within the range of what it averages', () => {
    fc.assert(
      fc.property(fc.array(posteriors, { minLength: 1, maxLength: 20 }), (features) => {
        const timestamps = features.map((_, t) => t / 25);
        const smoothed = smoothPosteriors({ features, timestamps, from: 0, to: features.length }, 0.1);
        expect(smoothed).toHaveLength(features.length);
        for (const p of smoothed) {
          expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
          for (let k = 0; k < 3; k += 1) {
            const column = features.map((feature) => feature[k]!);
            expect(p[k]).toBeGreaterThanOrEqual(Math.min(...column) - 1e-5);
            expect(p[k]).toBeLessThanOrEqual(Math.max(...column) + 1e-5);
          }
        }
      }),
    );
  });

  it('follows a lasting change within a third of a second, and outlives a flicker of one frame', () => {
    const happy = Float32Array.of(0.9, 0.1);
    const sad = Float32Array.of(0.1, 0.9);
    const timestamps = Array.from({ length: 50 }, (_, t) => t / 25);
    const change = timestamps.map((t) => (t < 1 ? happy : sad));
    const changed = smoothPosteriors({ features: change, timestamps, from: 0, to: 50 }, 0.1);
    expect(changed[25 + 8]![1]).toBeGreaterThan(0.85);
    expect(changed[25 - 8]![0]).toBeGreaterThan(0.85);
    const flicker = timestamps.map((_, t) => (t === 25 ? sad : happy));
    const steady = smoothPosteriors({ features: flicker, timestamps, from: 0, to: 50 }, 0.1);
    expect(steady.every((p) => p[0]! > 0.5)).toBe(true);
  });

  it('weighs by time, not by position: a neighbour long ago hardly counts', () => {
    const clip = { features: [Float32Array.of(0, 1), Float32Array.of(1, 0)], timestamps: [0, 1], from: 1, to: 2 };
    expect(smoothPosteriors(clip, 0.1)[0]![0]).toBeCloseTo(1, 6);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageOf, averageOfBoth, runningAverage } from './running-average.js';
import type { RunningAverage } from './running-average.js';

const posteriors = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((raw) => Float32Array.from(raw, (p) => p / raw.reduce((a, b) => a + b)));
/** Posteriors and the time to each from the one before it, in seconds: the frame rate varies. */
const clip = fc
  .array(fc.tuple(posteriors, fc.double({ min: 0, max: 0.4, noNaN: true })), { minLength: 1, maxLength: 30 })
  .map((steps) => {
    let now = 0;
    return { features: steps.map(([p]) => p), timestamps: steps.map(([, step]) => (now += step)) };
  });
const tau = fc.double({ min: 0.02, max: 1, noNaN: true });

function running(features: readonly Float32Array[], timestamps: readonly number[], seconds: number): RunningAverage[] {
  const all: RunningAverage[] = [];
  for (const [t, p] of features.entries()) all.push(runningAverage(all.at(-1) ?? null, p, timestamps[t]!, seconds));
  return all;
}

/** Forwards and backwards over the whole clip. */
function recordedOf(features: readonly Float32Array[], timestamps: readonly number[], seconds: number): Float32Array[] {
  const forward = running(features, timestamps, seconds);
  const backward = running(features.toReversed(), timestamps.toReversed(), seconds).reverse();
  return features.map((own, t) => averageOfBoth(own, forward[t]!, backward[t]!));
}

function liveOf(features: readonly Float32Array[], timestamps: readonly number[], seconds: number): Float32Array[] {
  return running(features, timestamps, seconds).map(averageOf);
}

/** The kernel written out: sum over s of x_s exp(-|t - s| / tau), normalised. */
function bySum(
  features: readonly Float32Array[],
  timestamps: readonly number[],
  seconds: number,
  sees: (s: number, t: number) => boolean,
): number[][] {
  return features.map((_, t) => {
    const weights = features.map((__, s) =>
      sees(s, t) ? Math.exp(-Math.abs(timestamps[t]! - timestamps[s]!) / seconds) : 0,
    );
    const total = weights.reduce((a, b) => a + b);
    return [0, 1, 2].map((k) => features.reduce((sum, p, s) => sum + weights[s]! * p[k]!, 0) / total);
  });
}

function expectClose(rows: readonly Float32Array[], expected: number[][]): void {
  expect(rows).toHaveLength(expected.length);
  for (const [t, row] of rows.entries()) for (const [k, p] of row.entries()) expect(p).toBeCloseTo(expected[t]![k]!, 5);
}

describe('smoothing of posteriors', () => {
  it('is the average weighted by exp(-|dt| / tau): over the whole clip, or over the past when live', () => {
    fc.assert(
      fc.property(clip, tau, ({ features, timestamps }, seconds) => {
        expectClose(
          recordedOf(features, timestamps, seconds),
          bySum(features, timestamps, seconds, () => true),
        );
        expectClose(
          liveOf(features, timestamps, seconds),
          bySum(features, timestamps, seconds, (s, t) => s <= t),
        );
      }),
    );
  });

  it('returns distributions, within the range of what it averages, and leaves steady ones alone', () => {
    fc.assert(
      fc.property(clip, tau, posteriors, ({ features, timestamps }, seconds, steady) => {
        for (const p of [...recordedOf(features, timestamps, seconds), ...liveOf(features, timestamps, seconds)]) {
          expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
          for (let k = 0; k < 3; k += 1) {
            const column = features.map((feature) => feature[k]!);
            expect(p[k]).toBeGreaterThanOrEqual(Math.min(...column) - 1e-5);
            expect(p[k]).toBeLessThanOrEqual(Math.max(...column) + 1e-5);
          }
        }
        const same = features.map(() => steady);
        expectClose(
          recordedOf(same, timestamps, seconds),
          same.map((p) => Array.from(p)),
        );
      }),
    );
  });

  it('has no direction: played backwards, a clip comes out backwards', () => {
    fc.assert(
      fc.property(clip, tau, ({ features, timestamps }, seconds) => {
        const backwards = recordedOf(features.toReversed(), timestamps.map((t) => -t).reverse(), seconds);
        expectClose(
          backwards.toReversed(),
          recordedOf(features, timestamps, seconds).map((p) => Array.from(p)),
        );
      }),
    );
  });

  it('outlives a flicker of one frame, and shows a lasting change at once, or live in less than a fifth of a second', () => {
    const [happy, sad] = [Float32Array.of(0.9, 0.1), Float32Array.of(0.1, 0.9)];
    for (const rate of [25, 30]) {
      const timestamps = Array.from({ length: 2 * rate }, (_, t) => t / rate);
      const flicker = timestamps.map((_, t) => (t === rate ? sad : happy));
      for (const p of [...recordedOf(flicker, timestamps, 0.1), ...liveOf(flicker, timestamps, 0.1)])
        expect(p[0]).toBeGreaterThan(0.5);
      const change = timestamps.map((_, t) => (t < rate ? happy : sad));
      const delay = (rows: readonly Float32Array[]): number =>
        timestamps[rows.findIndex((p) => p[1]! > p[0]!)]! - timestamps[rate]!;
      expect(delay(recordedOf(change, timestamps, 0.1))).toBe(0);
      expect(delay(liveOf(change, timestamps, 0.1))).toBeLessThan(0.2);
    }
  });

  it('weighs by time, not by position: what was seen long ago hardly counts', () => {
    expect(recordedOf([Float32Array.of(0, 1), Float32Array.of(1, 0)], [0, 2], 0.1)[1]![0]).toBeCloseTo(1, 6);
  });
});

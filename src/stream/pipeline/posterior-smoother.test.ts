import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measuredFace } from '../../../test/support/measured-face.js';
import type { ClassifiedFrame, MeasuredFace } from './frame-result.js';
import { PosteriorSmoother, averageOf, averageOfBoth, runningAverage } from './posterior-smoother.js';
import type { PosteriorSmootherOptions, RunningAverage } from './posterior-smoother.js';

function face(tracklet: number): MeasuredFace {
  return measuredFace({ trackId: tracklet, tracklet });
}

/** Frames at these times; of each face the first posterior, or null where it is not seen. */
function footage(timestamps: readonly number[], ...faces: readonly (readonly (number | null)[])[]): ClassifiedFrame[] {
  return timestamps.map((timestamp, index) => ({
    index,
    timestamp,
    width: 64,
    height: 48,
    faces: faces.flatMap((posteriors, tracklet) => {
      const p = posteriors[index] ?? null;
      return p === null ? [] : [{ face: face(tracklet), posteriors: Float32Array.of(p, 1 - p) }];
    }),
  }));
}

function run(
  frames: readonly ClassifiedFrame[],
  options: Partial<PosteriorSmootherOptions> = {},
): { out: ClassifiedFrame[]; held: number } {
  const smoother = new PosteriorSmoother({ seconds: 0.1, causal: false, maxGap: 0.5, ...options });
  const out: ClassifiedFrame[] = [];
  let held = 0;
  for (const [position, frame] of frames.entries()) {
    out.push(...smoother.push(frame));
    held = Math.max(held, position + 1 - out.length);
  }
  out.push(...smoother.flush());
  return { out, held };
}

const firsts = (frames: readonly ClassifiedFrame[]): number[][] =>
  frames.map(({ faces }) => faces.map(({ posteriors }) => Number(posteriors[0]!.toFixed(5))));
/** Frame intervals and a posterior for each of two faces. */
const clip = fc.array(
  fc.tuple(
    fc.double({ min: 0.01, max: 0.1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  ),
  { minLength: 1, maxLength: 60 },
);

describe('PosteriorSmoother', () => {
  it('returns each frame once, in order, with its own faces', () => {
    fc.assert(
      fc.property(clip, fc.boolean(), fc.constantFrom(0, 0.05, 0.3), (steps, causal, seconds) => {
        let now = 0;
        const frames = footage(
          steps.map(([step]) => (now += step)),
          steps.map(([, p]) => p),
          steps.map(([, , q]) => q),
        );
        const { out } = run(frames, { causal, seconds });
        expect(out.map(({ index }) => index)).toEqual(frames.map(({ index }) => index));
        expect(out.map(({ faces }) => faces.map((one) => one.face))).toEqual(
          frames.map(({ faces }) => faces.map((one) => one.face)),
        );
      }),
    );
  });

  it('differs from the smoothing of the whole clip by less than 1 %, at any frame rate', () => {
    fc.assert(
      fc.property(clip, (steps) => {
        let now = 0;
        const timestamps = steps.map(([step]) => (now += step));
        const whole = timestamps.map((t) => {
          const weights = timestamps.map((s) => Math.exp(-Math.abs(t - s) / 0.1));
          return weights.reduce((sum, weight, s) => sum + weight * steps[s]![1], 0) / weights.reduce((a, b) => a + b);
        });
        const { out } = run(
          footage(
            timestamps,
            steps.map(([, p]) => p),
          ),
        );
        for (const [t, [p]] of firsts(out).entries()) expect(Math.abs(p! - whole[t]!)).toBeLessThan(0.01);
      }),
    );
  });

  it('does not look ahead when causal', () => {
    fc.assert(
      fc.property(clip, fc.nat(), (steps, cut) => {
        let now = 0;
        const frames = footage(
          steps.map(([step]) => (now += step)),
          steps.map(([, p]) => p),
        );
        const kept = frames.slice(0, 1 + (cut % frames.length));
        const { out, held } = run(frames, { causal: true });
        expect(held).toBe(0);
        expect(firsts(out).slice(0, kept.length)).toEqual(firsts(run(kept, { causal: true }).out));
      }),
    );
  });

  it('keeps faces apart, and starts again after a gap', () => {
    const timestamps = [0, 0.04, 0.08, 1, 1.04];
    expect(firsts(run(footage(timestamps, [1, 1, 1, 0, 0], [0, 0, 0, null, null])).out)).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [0],
      [0],
    ]);
    expect(firsts(run(footage(timestamps, [1, 1, 1, 0, 0]), { causal: true }).out)).toEqual([[1], [1], [1], [0], [0]]);
  });

  it('waits five time constants, and holds a bounded number of frames for any timestamps', () => {
    const steady = footage(
      Array.from({ length: 200 }, (_, t) => t / 30),
      Array<number>(200).fill(0.5),
    );
    expect(run(steady).held).toBeLessThanOrEqual(16);
    // More frames than that where they are needed.
    const slow = footage(
      Array.from({ length: 720 }, (_, t) => t / 60),
      Array<number>(720).fill(0.5),
    );
    const { held } = run(slow, { seconds: 2 });
    expect(held).toBeGreaterThanOrEqual(600);
    expect(held).toBeLessThanOrEqual(602);
    const stuck = footage(Array<number>(1500).fill(0), Array<number>(1500).fill(0.5));
    expect(run(stuck).held).toBeLessThanOrEqual(512);
  });

  it('changes nothing when disabled', () => {
    const frames = footage([0, 0, 0.04], [0, 1, 0]);
    expect(run(frames, { seconds: 0 })).toEqual({ out: frames, held: 0 });
  });
});

describe('running average', () => {
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

  function running(
    features: readonly Float32Array[],
    timestamps: readonly number[],
    seconds: number,
  ): RunningAverage[] {
    const all: RunningAverage[] = [];
    for (const [t, p] of features.entries()) all.push(runningAverage(all.at(-1) ?? null, p, timestamps[t]!, seconds));
    return all;
  }

  /** Forwards and backwards over the whole clip. */
  function recordedOf(
    features: readonly Float32Array[],
    timestamps: readonly number[],
    seconds: number,
  ): Float32Array[] {
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
    for (const [t, row] of rows.entries())
      for (const [k, p] of row.entries()) expect(p).toBeCloseTo(expected[t]![k]!, 5);
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
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeasuredFace } from './observation.js';
import type { ClassifiedFrame } from './observation.js';
import { PosteriorSmoother } from './posterior-smoother.js';
import type { PosteriorSmootherOptions } from './posterior-smoother.js';

const MEASURES = { pitch: 0, mouthOpening: 0, eyeOpening: 0.3, eyesVisible: 1, mouthVisible: 1 };

function face(tracklet: number): MeasuredFace {
  const quality = { size: 40, sharpness: 1, yaw: 0, roll: 0, overall: 1 };
  return {
    trackId: tracklet,
    tracklet,
    box: { x: 0, y: 0, width: 9, height: 9 },
    score: 0.9,
    landmarks: [],
    quality,
    evidence: 'detected',
    tentative: false,
    provisional: false,
    ...MEASURES,
  };
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
    const stuck = footage(Array<number>(1500).fill(0), Array<number>(1500).fill(0.5));
    expect(run(stuck).held).toBeLessThanOrEqual(512);
  });

  it('changes nothing when disabled', () => {
    const frames = footage([0, 0, 0.04], [0, 1, 0]);
    expect(run(frames, { seconds: 0 })).toEqual({ out: frames, held: 0 });
  });
});

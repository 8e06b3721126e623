import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GOOD, LABELS, METADATA, arbitraryResults, face, frame } from '../../../test/output/support/results.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { SummaryBuilder } from './summary-builder.js';
import type { Summary } from './summary-builder.js';
import { summaryLines } from '../output/summary.js';

function summaryOf(results: readonly FrameResult[], outcome = { ...GOOD, frames: results.length }): Summary {
  const builder = new SummaryBuilder(METADATA);
  for (const result of results) builder.push(result);
  return builder.end(outcome);
}

const CLIP = [
  frame(0, 0, [face(1, 'happiness', { probability: 0.9, ambiguity: 0.1 })]),
  frame(1, 3, [face(1, 'anger', { probability: 0.5, ambiguity: 0.5 }), face(2, 'fear')], { status: 'degraded' }),
  frame(2, 4, []),
];

describe('summary', () => {
  it('weights with the time each frame was shown', () => {
    const { duration, frames, faces } = summaryOf(CLIP);
    expect(duration).toBe(5);
    expect(frames).toEqual({ total: 3, withFaces: 2, ok: 1, 'no-face': 1, degraded: 1, unreadable: 0 });
    expect(
      faces.map(({ id, firstSeen, lastSeen, frames: count, seconds }) => [id, firstSeen, lastSeen, count, seconds]),
    ).toEqual([
      [1, 0, 3, 2, 4],
      [2, 3, 3, 1, 1],
    ]);
    expect(faces[0]?.timeShare).toMatchObject({ happiness: 0.75, anger: 0.25, fear: 0 });
    expect(faces[0]?.meanProbability['happiness']).toBeCloseTo((0.9 * 3 + (0.5 / 6) * 1) / 4, 4);
    expect(faces[0]?.meanAmbiguity).toBeCloseTo(0.2);
    expect(faces[0]?.meanQuality).toBeCloseTo(0.8);
  });

  it('gives a frame before a leap of the clock no hours of weight, nor the last frame after one', () => {
    const times = [0, 0.04, 0.08, 10_800, 10_800.04, 10_800.08, 20_000];
    const { duration, faces } = summaryOf(times.map((time, index) => frame(index, time, [face(1, 'anger')])));
    expect(duration).toBeCloseTo(7 * 0.04, 5);
    expect(faces[0]).toMatchObject({ frames: 7, firstSeen: 0, lastSeen: 20_000 });
    expect(faces[0]?.seconds).toBeCloseTo(7 * 0.04, 5);
  });

  it('counts the whole time of frames that are far apart throughout', () => {
    const hourly = [0, 3600, 7200, 10_800].map((time, index) => frame(index, time, [face(1, 'anger')]));
    expect(summaryOf(hourly.map((result) => ({ ...result, file: 'a.jpg' }))).duration).toBe(14_400);
    expect(summaryOf(hourly).duration).toBeCloseTo(10_800, 0);
  });

  it.each([
    [null, 1],
    [4, 0.25],
  ])('counts a single picture for 1 / fps (%s)', (fps, seconds) => {
    const input = { ...METADATA.input, kind: 'images' as const };
    const builder = new SummaryBuilder({ ...METADATA, input, settings: { fps } });
    builder.push(frame(0, 0, [face(1, 'anger')], { file: 'a.jpg' }));
    const { duration, faces } = builder.end(GOOD);
    expect([duration, faces[0]?.seconds]).toEqual([seconds, seconds]);
  });

  it('has shares and means that sum to one for every face', () => {
    fc.assert(
      fc.property(arbitraryResults, (results) => {
        const { faces, frames, duration } = summaryOf(results);
        expect(frames.total).toBe(results.length);
        expect(frames.ok + frames['no-face'] + frames.degraded).toBe(results.length);
        for (const summary of faces) {
          expect(Object.keys(summary.timeShare)).toEqual([...LABELS]);
          const total = (shares: Readonly<Record<string, number>>): number =>
            Object.values(shares).reduce((sum, share) => sum + share, 0);
          expect(total(summary.timeShare)).toBeCloseTo(summary.usableSeconds > 0 ? 1 : 0, 3);
          expect(total(summary.meanProbability)).toBeCloseTo(1, 3);
          expect(summary.sureSeconds).toBeLessThanOrEqual(summary.usableSeconds + 1e-5);
          expect(summary.usableSeconds).toBeLessThanOrEqual(summary.seconds + 1e-5);
          expect(summary.seconds).toBeLessThanOrEqual(duration + 1e-5);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is readable', () => {
    expect(summaryLines(summaryOf(CLIP, { frames: 3, degraded: true, note: '3 of 4 frames' }))).toEqual([
      'clip.mp4: 5.0 s, 3 frames, 2 with a face, 2 people',
      '  damaged input: 3 of 4 frames',
      '  Face 1: 0.0 s to 3.0 s, 2 frames; happiness 75 %, anger 25 % of its time; mean ambiguity 0.20',
      '  Face 2: 3.0 s to 3.0 s, 1 frame; fear 100 % of its time; mean ambiguity 0.04',
    ]);
    expect(summaryLines(summaryOf([]))).toEqual(['clip.mp4: 0.0 s, 0 frames, 0 with a face, 0 people']);
  });
});

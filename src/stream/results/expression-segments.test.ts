import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResults, face, frame } from '../../../test/output/support/results.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { FrameIntervals } from './frame-interval.js';
import { ExpressionSegments, SEGMENT_DEFAULTS, compareSegments } from './expression-segments.js';
import type { Segment, SegmentOptions } from './expression-segments.js';

function cuesOf(results: readonly FrameResult[], options: SegmentOptions = SEGMENT_DEFAULTS): Segment[] {
  const stretches = new ExpressionSegments(options);
  return [...results.flatMap((result) => stretches.push(result)), ...stretches.end()];
}

/** A face at 10 frames a second: a letter a frame, "." for a frame without it. */
function tape(
  letters: string,
  names: Readonly<Record<string, string>> = { h: 'happiness', s: 'sadness', a: 'anger' },
): FrameResult[] {
  return Array.from(letters, (letter, index) =>
    frame(index, index / 10, letter === '.' ? [] : [face(1, names[letter]!)]),
  );
}

function shown(cues: readonly Segment[]): string[] {
  return cues.map(({ label, start, end }) => `${label} ${start.toFixed(1)}-${end.toFixed(1)}`);
}

describe('stretches of expression', () => {
  it('is one cue per stretch, ending where the next begins, the last frame as long as the one before', () => {
    expect(shown(cuesOf(tape('hhhsss')))).toEqual(['happiness 0.0-0.3', 'sadness 0.3-0.6']);
  });

  it('gives flicker to the stretch before it', () => {
    expect(shown(cuesOf(tape('hhhshhh')))).toEqual(['happiness 0.0-0.7']);
    expect(shown(cuesOf(tape('hhhasss')))).toEqual(['happiness 0.0-0.4', 'sadness 0.4-0.7']);
    expect(shown(cuesOf(tape('hsssss')))).toEqual(['sadness 0.0-0.6']);
  });

  it('bridges a short absence and breaks at a long one', () => {
    expect(shown(cuesOf(tape('hhh..hhh')))).toEqual(['happiness 0.0-0.8']);
    expect(shown(cuesOf(tape('hhh...hhh')))).toEqual(['happiness 0.0-0.3', 'happiness 0.6-0.9']);
  });

  it('reports the mean posterior of the label, weighted with time', () => {
    const results = [
      frame(0, 0, [face(1, 'fear', { probability: 0.9 })]),
      frame(1, 3, [face(1, 'fear', { probability: 0.5 })]),
      frame(2, 4, []),
    ];
    expect(cuesOf(results)[0]?.probability).toBeCloseTo((0.9 * 3 + 0.5 * 1) / 4);
  });

  it('gives a lone frame a length', () => {
    expect(cuesOf([frame(0, 5, [face(1, 'fear')])])).toMatchObject([{ start: 5, end: 5.04 }]);
  });

  it('survives repeated and backward times', () => {
    const results = [0, 0.1, 0.1, 0.05, 0.2, 0.3].map((time, index) => frame(index, time, [face(1, 'fear')]));
    expect(shown(cuesOf(results))).toEqual(['fear 0.0-0.4']);
  });

  it('keeps the cues of a face apart and in order, and covers every frame with that face', () => {
    fc.assert(
      fc.property(arbitraryResults, (results) => {
        const cues = cuesOf(results);
        expect(cues).toEqual(cues.toSorted(compareSegments));
        const byFace = new Map<number, Segment[]>();
        for (const cue of cues) {
          expect(cue.start).toBeLessThan(cue.end);
          expect(cue.probability).toBeGreaterThan(0);
          expect(cue.probability).toBeLessThanOrEqual(1 + 1e-9);
          const before = byFace.get(cue.trackId)?.at(-1);
          if (before !== undefined) expect(before.end).toBeLessThanOrEqual(cue.start);
          byFace.set(cue.trackId, [...(byFace.get(cue.trackId) ?? []), cue]);
        }
        const intervals = new FrameIntervals();
        const timed = [...results.map((result) => intervals.push(result)), intervals.end()];
        for (const entry of timed) {
          for (const { trackId } of entry?.result.faces ?? []) {
            const covering = (byFace.get(trackId) ?? []).filter(
              ({ start, end }) => start <= entry!.start && entry!.end <= end,
            );
            expect(covering).toHaveLength(1);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves no flicker where a face has a stretch to give it to', () => {
    fc.assert(
      fc.property(arbitraryResults, (results) => {
        const cues = cuesOf(results);
        for (const [index, cue] of cues.entries()) {
          if (cue.end - cue.start >= SEGMENT_DEFAULTS.minDuration - 1e-9) continue;
          const touching = cues.some(
            (other, at) =>
              at !== index && other.trackId === cue.trackId && (other.end === cue.start || other.start === cue.end),
          );
          expect(touching).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('emits cues while the recording runs', () => {
    const stretches = new ExpressionSegments();
    let released = 0;
    const seconds = 600;
    for (let index = 0; index < seconds * 10; index++) {
      const label = Math.floor(index / 10) % 2 === 0 ? 'happiness' : 'anger';
      released += stretches.push(frame(index, index / 10, [face(1, label), face(2, label)])).length;
    }
    expect(released).toBeGreaterThan((seconds - 5) * 2);
  });
});

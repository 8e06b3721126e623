import { describe, expect, it } from 'vitest';
import { LABELS, face, frame } from '../../../test/output/support/results.js';
import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import { RestingFaces, relativeToRest } from './resting-face.js';

/** A face whose rest looks 60 % angry. */
function scowl(changes: Partial<FaceResult> = {}): FaceResult {
  return face(1, 'anger', { probability: 0.6, ...changes });
}

function rests(results: readonly FrameResult[], choice: 'auto' | number = 'auto') {
  const finder = new RestingFaces(choice);
  for (const result of results) finder.push(result);
  return finder.end();
}

/** Frames at 10 per second. */
function footage(faces: readonly FaceResult[]): FrameResult[] {
  return faces.map((one, i) => frame(i, i / 10, [one]));
}

describe("a person's resting face", () => {
  const smile = face(1, 'happiness', { probability: 0.9 });
  const mostly = footage(Array.from({ length: 300 }, (_, i) => (i % 10 < 4 ? smile : scowl())));

  it('is what the face shows most of the time', () => {
    const rest = rests(mostly).get(1)!;
    expect(rest.seconds).toBeCloseTo(29.9, 5);
    expect(rest.posterior['anger']).toBeCloseTo(0.6, 1);
    expect(Object.values(rest.posterior).reduce((a, b) => a + b)).toBeCloseTo(1, 4);
  });

  it('reads as neutral relative to itself; a smile stays a smile; plain values stay', () => {
    const found = rests(mostly);
    const relative = (one: FaceResult): FaceResult => relativeToRest(frame(0, 0, [one]), found).faces[0]!;
    expect(relative(scowl())).toMatchObject({ label: 'anger', relativeLabel: 'neutral' });
    expect(relative(scowl()).relative!['neutral']).toBeGreaterThan(0.6);
    expect(relative(smile).relativeLabel).toBe('happiness');
    expect(relative(scowl()).probabilities).toEqual(scowl().probabilities);
    expect(Object.values(relative(smile).relative!).reduce((a, b) => a + b)).toBeCloseTo(1, 10);
  });

  it('moves little where little was seen, and is not known from a glimpse or from unusable frames', () => {
    const glimpse = footage(Array.from({ length: 15 }, () => scowl()));
    expect(rests(glimpse).size).toBe(0);
    const unusable = footage(Array.from({ length: 200 }, () => scowl({ trust: 'unusable' })));
    expect(rests(unusable).size).toBe(0);
    const short = rests(footage(Array.from({ length: 30 }, () => scowl())));
    const angerAfter = (found: typeof short): number =>
      relativeToRest(frame(0, 0, [scowl()]), found).faces[0]!.relative!['anger']!;
    expect(angerAfter(short)).toBeLessThan(0.6);
    expect(angerAfter(short)).toBeGreaterThan(angerAfter(rests(mostly)));
    expect(relativeToRest(frame(0, 0, [scowl()]), new Map()).faces[0]).not.toHaveProperty('relative');
  });

  it('is taken from the first seconds of each face on request', () => {
    const later = footage([...Array.from({ length: 60 }, () => scowl()), ...Array.from({ length: 300 }, () => smile)]);
    expect(rests(later, 5).get(1)!.posterior['anger']).toBeCloseTo(0.6, 1);
    expect(rests(later).get(1)!.posterior['happiness']).toBeGreaterThan(0.8);
    expect(LABELS).toContain('anger');
  });
});

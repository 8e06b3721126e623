import { expect, it } from 'vitest';
import { face, frame } from '../../../test/output/support/results.js';
import type { FaceResult } from './frame-result.js';
import { SpeakingDetector } from './speaking.js';

/** Verdicts on a mouth over `seconds`. */
function verdicts(opening: (time: number) => number, rate = 25, seconds = 3, changes: Partial<FaceResult> = {}) {
  const detector = new SpeakingDetector();
  return Array.from({ length: rate * seconds }, (_, i) => {
    const one = face(1, 'neutral', { mouthOpening: opening(i / rate), ...changes });
    return detector.mark(frame(i, i / rate, [one])).faces[0]!.speaking;
  });
}

const noise = (time: number): number => 0.012 * Math.sin(977 * time) + 0.008 * Math.sin(131 * time);
const syllables = (time: number): number => 0.1 + 0.07 * Math.sin(2 * Math.PI * 4 * time) + noise(time);

it('detects syllables, but no still mouth, yawn or smile', () => {
  expect(verdicts(syllables).slice(40)).not.toContain(false);
  for (const still of [
    noise,
    (time: number) => Math.min(0.6, time * 0.3) + noise(time),
    (time: number) => (time < 1.5 ? 0 : 0.2) + noise(time),
  ])
    expect(verdicts(still)).not.toContain(true);
});

it('does not judge before half a second, at a low frame rate, or on predicted faces', () => {
  expect(verdicts(syllables).slice(0, 14)).toEqual(Array(14).fill(undefined));
  expect(new Set(verdicts(syllables, 5))).toEqual(new Set([undefined]));
  expect(new Set(verdicts(syllables, 25, 3, { evidence: 'coasted' }))).toEqual(new Set([undefined]));
});

it('keeps people apart', () => {
  const detector = new SpeakingDetector();
  let last: readonly FaceResult[] = [];
  for (let i = 0; i < 60; i++) {
    const faces = [face(1, 'neutral', { mouthOpening: syllables(i / 25) }), face(2, 'neutral', { mouthOpening: 0 })];
    last = detector.mark(frame(i, i / 25, faces)).faces;
  }
  expect(last.map(({ speaking }) => speaking)).toEqual([true, false]);
});

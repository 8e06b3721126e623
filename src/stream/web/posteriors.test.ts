import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveFace } from '../../../test/support/live-face.js';
import { Smoothing } from './posteriors.js';

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('Smoothing', () => {
  it('follows p <- p + (1 - exp(-dt / tau)) (x - p)', () => {
    const smoothing = new Smoothing(0.5);
    smoothing.apply([liveFace({ a: 1, b: 0 })], 0);
    const [face] = smoothing.apply([liveFace({ a: 0, b: 1 })], 0.25);
    expect(face!.probabilities['a']).toBeCloseTo(Math.exp(-0.5));
    expect(face!.probabilities['b']).toBeCloseTo(1 - Math.exp(-0.5));
    expect(face!.label).toBe('a');
    expect(face!.ambiguity).toBeCloseTo((1 - Math.exp(-0.5)) / Math.exp(-0.5));
  });

  it('gives the same for a steady expression at any frame rate', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 2, noNaN: true }), fc.integer({ min: 1, max: 30 }), (tau, frames) => {
        const [often, seldom] = [new Smoothing(tau), new Smoothing(tau)];
        for (const smoothing of [often, seldom]) smoothing.apply([liveFace({ a: 1, b: 0 })], 0);
        let face = liveFace({ a: 0, b: 1 });
        for (let k = 1; k <= frames; k += 1) face = often.apply([liveFace({ a: 0, b: 1 })], k / frames)[0]!;
        expect(face.probabilities['a']).toBeCloseTo(
          seldom.apply([liveFace({ a: 0, b: 1 })], 1)[0]!.probabilities['a']!,
          9,
        );
      }),
    );
  });

  it('keeps posteriors that sum to 1', () => {
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 20 }), share, (values, tau) => {
        const smoothing = new Smoothing(tau);
        values.forEach((a, k) => {
          const [face] = smoothing.apply([liveFace({ a, b: 1 - a })], k / 30);
          expect(face!.probabilities['a']! + face!.probabilities['b']!).toBeCloseTo(1);
        });
      }),
    );
  });

  it('does not mix faces, nor a face with a long-past one; 0 disables', () => {
    const smoothing = new Smoothing(10);
    smoothing.apply([liveFace({ a: 1, b: 0 })], 0);
    const other = liveFace({ a: 0, b: 1 }, { trackId: 2 });
    expect(smoothing.apply([other], 0.1)[0]!.probabilities).toEqual({ a: 0, b: 1 });
    expect(smoothing.apply([liveFace({ a: 0, b: 1 })], 2.2)[0]!.probabilities).toEqual({ a: 0, b: 1 });
    smoothing.tau = 0;
    expect(smoothing.apply([liveFace({ a: 0.3, b: 0.7 })], 2.3)[0]!.probabilities).toEqual({ a: 0.3, b: 0.7 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certaintyOf, trustOf } from './trust.js';
import type { ResultQuality, TrustEvidence } from './trust.js';

const CLEAR: ResultQuality = {
  size: 80,
  sharpness: 1,
  yaw: 0,
  pitch: 0,
  roll: 0,
  overall: 1,
  eyesVisible: 1,
  mouthVisible: 1,
};

function evidence(probability: number, quality: Partial<ResultQuality> = {}, coasted = false): TrustEvidence {
  return { probability, ambiguity: (1 - probability) / probability, quality: { ...CLEAR, ...quality }, coasted };
}

function verdict(one: TrustEvidence, limits = {}): string {
  return trustOf(one, certaintyOf(one), limits);
}

describe('trust', () => {
  it('is sure of a clear face with a clear winner, and unsure without one', () => {
    expect(verdict(evidence(0.98))).toBe('sure');
    expect(verdict(evidence(0.6))).toBe('unsure');
    expect(certaintyOf(evidence(0.75, { yaw: 30 }))).toBeLessThan(certaintyOf(evidence(0.75)));
  });

  it.each([
    ['tiny', { size: 9 }],
    ['blurred', { sharpness: 0.1 }],
    ['in profile', { yaw: -70 }],
    ['looking down', { pitch: -60 }],
    ['masked', { mouthVisible: 0.2 }],
    ['behind a bar', { eyesVisible: 0.1 }],
  ])('calls a face that is %s unusable, whatever its posteriors', (_, quality) => {
    expect(verdict(evidence(0.999, quality))).toBe('unusable');
  });

  it('calls a face that was not seen in this frame unusable', () => {
    expect(verdict(evidence(0.98, {}, true))).toBe('unusable');
  });

  it('applies the given limits', () => {
    expect(verdict(evidence(0.98, { overall: 0.4 }), { minQuality: 0.5 })).toBe('unusable');
    expect(verdict(evidence(0.98), { minCertainty: 0.99 })).toBe('unsure');
    expect(verdict(evidence(0.6), { minCertainty: 0 })).toBe('sure');
  });

  it('never gains certainty from a worse picture or a smaller lead', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const angle = fc.double({ min: -90, max: 90, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        unit,
        unit,
        unit,
        angle,
        angle,
        (p, s, e, m, yaw, pitch) => {
          const quality = { sharpness: s, eyesVisible: e, mouthVisible: m, yaw, pitch };
          const certainty = certaintyOf(evidence(p, quality));
          expect(certainty).toBeGreaterThanOrEqual(0);
          expect(certainty).toBeLessThanOrEqual(1);
          for (const worse of [
            { sharpness: s / 2 },
            { eyesVisible: e / 2 },
            { mouthVisible: m / 2 },
            { yaw: yaw * 1.5 },
          ]) {
            expect(certaintyOf(evidence(p, { ...quality, ...worse }))).toBeLessThanOrEqual(certainty + 1e-9);
          }
          expect(certaintyOf(evidence(p * 0.8, quality))).toBeLessThanOrEqual(certainty + 1e-9);
        },
      ),
    );
  });
});

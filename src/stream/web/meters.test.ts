import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PercentileMeter, RateMeter } from './meters.js';

describe('RateMeter', () => {
  it('gives the rate of a steady stream from its second event on, and falls to 0 when it stops', () => {
    const rate = new RateMeter(2);
    expect(rate.at(0)).toBe(0);
    for (let k = 0; k <= 90; k += 1) rate.add(k / 30);
    expect(rate.at(3)).toBeCloseTo(30);
    expect(rate.at(4)).toBeLessThan(16);
    expect(rate.at(5.1)).toBe(0);
  });
});

describe('PercentileMeter', () => {
  it('gives the smallest value that so many do not exceed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0.5, 0.95),
        (values, share) => {
          const meter = new PercentileMeter(40);
          values.forEach((value) => {
            meter.add(value);
          });
          const found = meter.percentile(share)!;
          expect(values).toContain(found);
          expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * values.length);
          expect(values.filter((value) => value < found).length).toBeLessThan(share * values.length);
        },
      ),
    );
  });

  it('forgets the oldest', () => {
    const meter = new PercentileMeter(2);
    expect(meter.percentile(0.5)).toBeNull();
    for (const value of [100, 1, 2]) meter.add(value);
    expect(meter.percentile(1)).toBe(2);
  });
});

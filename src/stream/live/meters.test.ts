import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadMeter, PercentileMeter, RateMeter } from './meters.js';

describe('LoadMeter', () => {
  it('gives the share of time at work, including work in progress', () => {
    const meter = new LoadMeter(0);
    expect(meter.share(0)).toBe(0);
    expect(meter.share(1_000)).toBe(0);
    meter.start(1_000);
    expect(meter.share(2_000)).toBeCloseTo(0.5);
    meter.stop(2_000);
    expect(meter.share(4_000)).toBeCloseTo(0.25);
  });

  it('forgets work older than five seconds', () => {
    const meter = new LoadMeter(0);
    meter.start(0);
    meter.stop(6_000);
    expect(meter.share(6_000)).toBe(1);
    expect(meter.share(8_500)).toBeCloseTo(0.5);
    expect(meter.share(11_000)).toBe(0);
  });

  it('keeps no more than five seconds of work', () => {
    const meter = new LoadMeter(0);
    for (let now = 0; now < 100_000; now += 10) {
      meter.start(now);
      meter.stop(now + 5);
    }
    expect(meter.share(100_000)).toBeCloseTo(0.5, 2);
    expect((meter as unknown as { done: unknown[] }).done.length).toBeLessThanOrEqual(501);
  });
});

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
  it('gives the smallest value that at least this share does not exceed', () => {
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FerError } from '../../errors/fer-error.js';
import { SeededRandom, murmur3 } from './seeded-random.js';

const draws = (random: SeededRandom, count = 20): number[] => Array.from({ length: count }, () => random.next());

describe('murmur3', () => {
  it('gives the published hashes', () => {
    expect(murmur3('', 0)).toBe(0);
    expect(murmur3('', 1)).toBe(0x514e28b7);
    expect(murmur3('hello', 0)).toBe(0x248bfa47);
    expect(murmur3('hello, world', 0)).toBe(0x149bbb7f);
    expect(murmur3('The quick brown fox jumps over the lazy dog', 0)).toBe(0x2e4ff723);
  });
});

describe('SeededRandom', () => {
  it("gives the outputs of the authors' C code from state 1, 2, 3, 4", () => {
    const random = SeededRandom.restore({ key: [1, 2, 3, 4], words: [1, 2, 3, 4] });
    const outputs = Array.from({ length: 10 }, () => random.uint32());
    expect(outputs).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('keeps to its seed, and seeds differ', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        expect(draws(new SeededRandom(a))).toEqual(draws(new SeededRandom(a)));
        if (a !== b) expect(draws(new SeededRandom(a))).not.toEqual(draws(new SeededRandom(b)));
      }),
    );
  });

  it('continues where its JSON was taken, forks included', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), fc.string(), (seed, drawn, label) => {
        const random = new SeededRandom(seed).fork(label);
        draws(random, drawn);
        const copy = SeededRandom.restore(
          JSON.parse(JSON.stringify(random.state())) as ReturnType<SeededRandom['state']>,
        );
        expect(draws(copy)).toEqual(draws(random));
        expect(draws(copy.fork('x'))).toEqual(draws(random.fork('x')));
      }),
    );
  });

  it('forks by label alone: not by what was drawn, and apart from parent and sisters', () => {
    const fresh = new SeededRandom(7);
    const used = new SeededRandom(7);
    draws(used, 13);
    expect(draws(used.fork('flip'))).toEqual(draws(fresh.fork('flip')));
    expect(draws(fresh.fork('flip'))).not.toEqual(draws(fresh.fork('crop')));
    expect(draws(fresh.fork('flip'))).not.toEqual(draws(new SeededRandom(7)));
    expect(draws(fresh.fork('a').fork('b'))).not.toEqual(draws(fresh.fork('b').fork('a')));
  });

  it('is uniform and normal to the eye of a statistician', () => {
    const random = new SeededRandom(1);
    const count = 20_000;
    const uniform = draws(random, count);
    expect(uniform.every((x) => x >= 0 && x < 1)).toBe(true);
    // Five standard errors here and below.
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(5 / Math.sqrt(12 * count));
    const normal = Array.from({ length: count }, () => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(mean(normal.map((x) => x * x)) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    const faces = Array.from({ length: 6 }, () => 0);
    for (let i = 0; i < count; i += 1) faces[random.int(6)]! += 1;
    const expected = count / 6;
    // The 0.9999 quantile of chi-square with 5 degrees of freedom.
    expect(faces.reduce((sum, face) => sum + (face - expected) ** 2 / expected, 0)).toBeLessThan(25.7);
  });

  it('shuffles into a permutation and leaves its argument alone', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer(), (array, seed) => {
        const before = [...array];
        const shuffled = new SeededRandom(seed).shuffle(array);
        expect(array).toEqual(before);
        expect([...shuffled].sort((a, b) => a - b)).toEqual(before.sort((a, b) => a - b));
      }),
    );
    const places = new Set(
      Array.from({ length: 200 }, (_, seed) => new SeededRandom(seed).shuffle([0, 1, 2]).join('')),
    );
    expect(places.size).toBe(6);
  });

  it('refuses seeds, bounds and states that are none', () => {
    expect(() => new SeededRandom(0.5)).toThrow(FerError);
    expect(() => new SeededRandom(1).int(0)).toThrow(FerError);
    expect(() => SeededRandom.restore({ key: [1, 2, 3, 4], words: [0, 0, 0, 0] })).toThrow(FerError);
    expect(() => SeededRandom.restore({ key: [1, 2, 3, 4], words: [1, 2, 3, -4] })).toThrow(FerError);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import type { PixelImage } from '../pixel.js';
import { addNoise, jpegBlocks, soften } from './sensor.js';
import { cover, footage, relight, turnHead } from './footage.js';

const ALL = { pose: 1, light: 1, blur: 1, noise: 1, blocks: 1, cover: 1 };
const NONE = { pose: 0, light: 0, blur: 0, noise: 0, blocks: 0, cover: 0 };

function picture(size: number, channels: number, value: (x: number, y: number) => number): PixelImage {
  const data = Float32Array.from({ length: size * size * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return value(pixel % size, Math.floor(pixel / size));
  });
  return { data, height: size, width: size, channels };
}

const drawn = (size = 48, channels = 1): PixelImage =>
  picture(size, channels, (x, y) => 128 + 60 * Math.sin(x / 3) + 50 * Math.cos(y / 4));

function difference(a: PixelImage, b: PixelImage): number {
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
}

/** Mean absolute step from one pixel to the next: how sharp a picture is. */
function sharpness({ data, width }: PixelImage): number {
  let sum = 0;
  for (let i = 1; i < data.length; i += 1) if (i % width > 0) sum += Math.abs(data[i]! - data[i - 1]!);
  return sum / data.length;
}

describe('what footage does to a face', () => {
  it('stays within 0..255, keeps the shape and the picture it was given, and is the same for the same seed', () => {
    const augment = footage(ALL);
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(16, 32, 48), fc.constantFrom(1, 3), (seed, size, channels) => {
        const image = drawn(size, channels);
        const before = image.data.slice();
        const result = augment(image, new SeededRandom(seed));
        expect(result.data.length).toBe(image.data.length);
        expect(result.data.every((value) => value >= 0 && value <= 255)).toBe(true);
        expect(difference(image, { ...image, data: before })).toBe(0);
        expect(difference(augment(image, new SeededRandom(seed)), result)).toBe(0);
      }),
      { numRuns: 15 },
    );
  });

  it('is nothing where every probability is 0', () => {
    const image = drawn();
    expect(footage(NONE)(image, new SeededRandom(1))).toBe(image);
  });

  it('refuses a probability outside 0..1', () => {
    expect(() => footage({ ...NONE, blur: 1.5 })).toThrow(/footage\.blur is 1\.5/);
  });
});

describe('each change alone', () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => new SeededRandom(seed));

  it('turns a head: the rim stays, the middle moves', () => {
    const image = picture(48, 1, (x) => 5 * x);
    for (const random of seeds) {
      const turned = turnHead(image, random);
      expect(turned.data[24 * 48]).toBeCloseTo(0, 3);
      expect(turned.data[24 * 48 + 47]).toBeCloseTo(5 * 47, 3);
    }
    const moved = seeds.map((_, seed) => difference(image, turnHead(image, new SeededRandom(seed))));
    expect(Math.max(...moved)).toBeGreaterThan(5);
  });

  it('relights without changing which of two neighbours in the same light is brighter', () => {
    const image = picture(16, 1, (x, y) => ((x + y) % 2 === 0 ? 90 : 150));
    for (const random of seeds) {
      const { data } = relight(image, random);
      let wrong = 0;
      for (let i = 0; i < data.length; i += 1)
        if (image.data[i] === 90 && i % 16 < 15 && data[i]! > data[i + 1]! + 1e-3) wrong += 1;
      expect(wrong).toBe(0);
    }
  });

  it('covers a part and leaves the rest unchanged', () => {
    const image = drawn();
    for (const random of seeds) {
      const covered = cover(image, random);
      const share = covered.data.filter((value, i) => value !== image.data[i]).length / image.data.length;
      expect(share).toBeLessThan(0.6);
    }
  });

  it('softens: never sharper than before, and mostly less sharp', () => {
    const image = picture(48, 1, (x, y) => (((x >> 1) + (y >> 1)) % 2 === 0 ? 30 : 220));
    const shares = seeds.map((random) => sharpness(soften(image, random)) / sharpness(image));
    expect(Math.max(...shares)).toBeLessThan(1.001);
    expect(shares.filter((share) => share < 0.8).length).toBeGreaterThan(25);
  });

  it('keeps flat pictures flat when it softens or codes them', () => {
    const flat = picture(48, 1, () => 128);
    for (const random of seeds) {
      expect(difference(soften(flat, random), flat)).toBeLessThan(1e-3);
      expect(difference(jpegBlocks(flat, random), flat)).toBeLessThan(1e-3);
    }
  });

  it('adds noise of the strength it draws', () => {
    const flat = picture(48, 1, () => 128);
    for (const random of seeds) {
      const { data } = addNoise(flat, random);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
      expect(mean).toBeGreaterThan(126);
      expect(mean).toBeLessThan(130);
      expect(deviation).toBeGreaterThan(1.5);
      expect(deviation).toBeLessThan(18);
    }
  });

  it('codes in blocks: detail is lost, the picture is still there', () => {
    const image = drawn();
    for (const random of seeds) {
      const lost = difference(jpegBlocks(image, random), image);
      expect(lost).toBeGreaterThan(0.5);
      expect(lost).toBeLessThan(30);
    }
  });
});

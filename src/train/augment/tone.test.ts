import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grey, images } from '../../../test/support/images.js';
import { autocontrast, brightness, colour, contrast, equalise, posterise, sharpness, solarise } from './tone.js';

it('autocontrast stretches each channel from 0 to 255, and leaves a flat one', () => {
  expect([...autocontrast(grey([[100, 110, 150]])).data]).toEqual([0, 51, 255]);
  const image = { data: Float32Array.of(10, 50, 77, 20, 40, 77), height: 1, width: 2, channels: 3 };
  expect([...autocontrast(image).data]).toEqual([0, 255, 77, 255, 0, 77]);
});

it('equalise makes levels equally frequent', () => {
  expect([...equalise(grey([[10, 10, 11, 12, 200]])).data]).toEqual([0, 0, 85, 170, 255]);
  const ramp = grey([Array.from({ length: 256 }, (_, level) => level)]);
  expect(equalise(ramp).data).toEqual(ramp.data);
  expect([...equalise(grey([[7.25, 7.25]])).data]).toEqual([7.25, 7.25]);
  const image = { data: Float32Array.of(10, 9, 8, 90, 9, 7), height: 1, width: 2, channels: 3 };
  expect([...equalise(image).data]).toEqual([0, 9, 255, 255, 9, 0]);
});

it('equalise and posterise count a value with its nearest whole level', () => {
  const [exact, warped] = [grey([[64, 128, 128, 255]]), grey([[64.0001, 127.9999, 128.0001, 254.9999]])];
  expect(equalise(warped).data).toEqual(equalise(exact).data);
  expect([...posterise(warped, 1).data]).toEqual([0, 128, 128, 128]);
});

it('autocontrast and equalise keep the order of the values of a channel', () => {
  fc.assert(
    fc.property(
      images.filter(({ channels }) => channels === 1),
      (image) => {
        for (const change of [autocontrast, equalise]) {
          const order = [...image.data.keys()].sort((a, b) => image.data[a]! - image.data[b]!);
          const changed = order.map((index) => change(image).data[index]!);
          expect(changed).toEqual([...changed].sort((a, b) => a - b));
        }
      },
    ),
  );
});

it('posterise keeps the highest bits', () => {
  expect([...posterise(grey([[0b10110111, 255, 15]]), 4).data]).toEqual([0b10110000, 240, 0]);
  const image = grey([[1.5, 200.25]]);
  expect(posterise(image, 8)).toBe(image);
});

it('solarise inverts from the threshold up', () => {
  expect([...solarise(grey([[0, 127, 128, 255]]), 128).data]).toEqual([0, 127, 127, 0]);
  expect([...solarise(grey([[0, 255]]), 0).data]).toEqual([255, 0]);
  expect([...solarise(grey([[0, 255]]), 256).data]).toEqual([0, 255]);
});

describe('enhance', () => {
  const RED_AND_GREY = { data: Float32Array.of(200, 0, 0, 100, 100, 100), height: 1, width: 2, channels: 3 };

  it('brightness multiplies, up to 255', () => {
    expect([...brightness(grey([[10, 100, 200]]), 1.5).data]).toEqual([15, 150, 255]);
    expect([...brightness(grey([[10, 100]]), 0).data]).toEqual([0, 0]);
  });

  it('contrast spreads values about their mean', () => {
    expect([...contrast(grey([[90, 110, 100]]), 1.5).data]).toEqual([85, 115, 100]);
    expect([...contrast(grey([[0, 200]]), 2).data]).toEqual([0, 255]);
    // The mean brightness of a red of 59.8 and a grey of 100.
    for (const value of contrast(RED_AND_GREY, 0).data) expect(value).toBeCloseTo(79.9, 4);
  });

  it('colour goes from grey to more than there was, and leaves grey unchanged', () => {
    const rounded = (factor: number): number[] =>
      [...colour(RED_AND_GREY, factor).data].map((value) => Math.round(value * 10) / 10);
    expect(rounded(0)).toEqual([59.8, 59.8, 59.8, 100, 100, 100]);
    expect(rounded(0.5)).toEqual([129.9, 29.9, 29.9, 100, 100, 100]);
    expect(rounded(2)).toEqual([255, 0, 0, 100, 100, 100]);
    const image = grey([[1, 2]]);
    expect(colour(image, 0)).toBe(image);
  });

  it('sharpness raises a pixel over its neighbours or lowers it to them', () => {
    const point = grey([
      [13, 13, 13],
      [13, 26, 13],
      [13, 13, 13],
    ]);
    expect(sharpness(point, 0).data[4]).toBeCloseTo(18, 4);
    expect(sharpness(point, 2).data[4]).toBeCloseTo(34, 4);
    const border = [...sharpness(point, 0).data].filter((_, index) => index !== 4);
    expect(border.every((value) => value === 13)).toBe(true);
    const inside = Float32Array.from({ length: 27 }, (_, i) =>
      i < 12 || i > 14 ? 13 * ((i % 3) + 1) : 26 * ((i % 3) + 1),
    );
    const smoothed = sharpness({ data: inside, height: 3, width: 3, channels: 3 }, 0).data;
    for (const channel of [0, 1, 2]) expect(smoothed[12 + channel]).toBeCloseTo(18 * (channel + 1), 4);
  });

  it('a factor of 1 changes nothing, a flat grey picture keeps its contrast and sharpness', () => {
    fc.assert(
      fc.property(images, fc.double({ min: 0, max: 3, noNaN: true }), (image, factor) => {
        for (const enhance of [brightness, contrast, colour, sharpness]) expect(enhance(image, 1)).toBe(image);
        const flat = { ...image, data: image.data.map(() => 100) };
        for (const enhance of [contrast, colour, sharpness]) {
          expect(enhance(flat, factor).data.every((value) => Math.abs(value - 100) < 1e-3)).toBe(true);
        }
      }),
    );
  });
});

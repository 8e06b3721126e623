import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grey, images } from '../../../test/support/images.js';
import { autocontrast, equalise, posterise, solarise } from './tone.js';

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

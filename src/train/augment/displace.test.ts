import fc from 'fast-check';
import { expect, it } from 'vitest';
import { images } from '../../../test/support/images.js';
import { displace } from './displace.js';
import { translate } from './affine.js';

function uniform(length: number, right: number, down: number) {
  return { right: new Float32Array(length).fill(right), down: new Float32Array(length).fill(down) };
}

it('with the same offset everywhere it is a translation', () => {
  fc.assert(
    fc.property(images, fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 }), (image, a, b) => {
      const [right, down] = [a / 4, b / 4];
      const moved = displace(image, uniform(image.width * image.height, right, down));
      const wanted = translate(image, -right, -down);
      moved.data.forEach((value, i) => {
        expect(value).toBeCloseTo(wanted.data[i]!, 3);
      });
    }),
  );
});

it('goes a share of the way', () => {
  fc.assert(
    fc.property(images, (image) => {
      const length = image.width * image.height;
      const half = displace(image, uniform(length, 2, -1), 0.5);
      expect([...half.data]).toEqual([...displace(image, uniform(length, 1, -0.5)).data]);
    }),
  );
});

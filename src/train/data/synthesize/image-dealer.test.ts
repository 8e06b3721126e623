import { expect, it } from 'vitest';
import { SeededRandom } from '../../util/seeded-random.js';
import type { Sample } from '../sample.js';
import { ImageDealer } from './clip-plan.js';
import { still } from '../../../../test/support/still-sample.js';

const images = [...Array.from({ length: 5 }, (_, i) => still(`sad ${i}`, 'sadness')), still('happy', 'happiness')];
const deal = (dealer: ImageDealer, count: number): Sample[] =>
  Array.from({ length: count }, () => dealer.deal('sadness'));

it('deals all images of a class before one comes again', () => {
  const dealer = new ImageDealer(images, new SeededRandom(1));
  expect(dealer.labels).toEqual(['happiness', 'sadness']);
  for (let round = 0; round < 3; round += 1) expect(new Set(deal(dealer, 5))).toEqual(new Set(images.slice(0, 5)));
});

it("keeps a class's order when other classes come and go", () => {
  expect(deal(new ImageDealer(images, new SeededRandom(1)), 8)).toEqual(
    deal(new ImageDealer(images.slice(0, 5), new SeededRandom(1)), 8),
  );
});

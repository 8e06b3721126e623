import { FerError } from '../../errors/fer-error.js';
import type { SeededRandom } from '../util/seeded-random.js';
import { checkRange } from './image.js';

/** Least and largest of what is drawn. */
export type Interval = readonly [number, number];

/** @throws FerError CONFIG_INVALID unless both ends lie in low..high and come in order */
export function checkInterval(name: string, interval: Interval, low: number, high: number): void {
  for (const end of interval) checkRange(name, end, low, high);
  if (interval[0] <= interval[1]) return;
  throw new FerError(
    'CONFIG_INVALID',
    `augmentation: ${name} goes from ${interval[0]} down to ${interval[1]}: exchange the two`,
  );
}

/** Every value of the interval equally likely. */
export function drawFrom([low, high]: Interval, random: SeededRandom): number {
  return low + (high - low) * random.next();
}

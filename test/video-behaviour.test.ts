import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareOf, switches, timeToShow } from '../bench/label-behaviour.js';
import type { Said } from '../bench/label-behaviour.js';

const said = (labels: string, rate = 25): Said[] => Array.from(labels, (label, i) => ({ timestamp: i / rate, label }));

it('counts changes of label between neighbouring frames, and the time they span', () => {
  expect(switches(said('aaaa'))).toEqual({ count: 0, seconds: 0.12 });
  expect(switches(said('aababb')).count).toBe(3);
  expect(switches([])).toEqual({ count: 0, seconds: 0 });
  const away = [...said('aa'), ...said('bb').map(({ timestamp, label }) => ({ timestamp: timestamp + 5, label }))];
  expect(switches(away).count).toBe(0);
  expect(switches(away).seconds).toBeCloseTo(0.08);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 50 }), (labels) => {
      const { count, seconds } = switches(said(labels));
      expect(count).toBeLessThan(labels.length);
      expect(count).toBe(switches(said(Array.from(labels).reverse().join(''))).count);
      expect(seconds).toBeCloseTo((labels.length - 1) / 25);
    }),
  );
});

it('says when a change has come to stay', () => {
  const change = 3 / 25;
  expect(timeToShow(said('aaabbb'), change, 'b')).toBe(0);
  expect(timeToShow(said('aaaaabb'), change, 'b')).toBeCloseTo(2 / 25);
  expect(timeToShow(said('aaababb'), change, 'b')).toBeCloseTo(2 / 25);
  expect(timeToShow(said('aabbbb'), change, 'b')).toBeCloseTo(-1 / 25);
  expect(timeToShow(said('aaabba'), change, 'b')).toBeNull();
});

it('says how often a label is given', () => {
  expect(shareOf(said('aaab'), 'a')).toBe(0.75);
  expect(shareOf(said('aaab'), 'c')).toBe(0);
});

import { expect, it } from 'vitest';
import { liveFace } from '../../../test/support/live-face.js';
import { Announcer, summaryText } from './details.js';

it('describes faces as text', () => {
  expect(summaryText([])).toBe('No face.');
  const faces = [
    liveFace({ happiness: 0.92, surprise: 0.08 }),
    liveFace({ happiness: 0.4, surprise: 0.6 }, { trackId: 2 }),
  ];
  expect(summaryText(faces)).toBe('Face 1: happiness 92 %. Face 2: surprise 60 % or happiness 40 %.');
});

it('announces changes, at most every five seconds', () => {
  const announcer = new Announcer();
  expect(announcer.announce('a', 'A 50 %', 0)).toBe('A 50 %');
  expect(announcer.announce('a', 'A 60 %', 9000)).toBeNull();
  expect(announcer.announce('b', 'B', 10_000)).toBe('B');
  expect(announcer.announce('a', 'A', 14_999)).toBeNull();
  expect(announcer.announce('a', 'A', 15_000)).toBe('A');
});

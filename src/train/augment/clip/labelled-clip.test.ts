import { expect, it } from 'vitest';
import { selectFrames } from './labelled-clip.js';

it('takes frame, label and face together, as often as named', () => {
  const clip = { frames: ['a', 'b', 'c'], labels: [0, -1, 2], hasFace: [true, false, true] };
  expect(selectFrames(clip, [0, 2, 2])).toEqual({
    frames: ['a', 'c', 'c'],
    labels: [0, 2, 2],
    hasFace: [true, true, true],
  });
  expect(clip.frames).toEqual(['a', 'b', 'c']);
});

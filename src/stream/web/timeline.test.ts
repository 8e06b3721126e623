import { describe, expect, it } from 'vitest';
import { liveFace } from '../../../test/support/live-face.js';
import { Timeline, dominantStretches, pointAt, timelineText, unbroken, unsureStretches } from './timeline.js';

function point(time: number, a: number): { time: number; probabilities: Record<string, number> } {
  return { time, probabilities: { a, b: 1 - a } };
}

describe('Timeline', () => {
  it('keeps the last 30 seconds of every face, and forgets faces that have been away longer', () => {
    const timeline = new Timeline();
    const face = liveFace({ a: 1 });
    for (let time = 0; time <= 40; time += 0.5)
      timeline.add(time < 20 ? [face, liveFace({ a: 1 }, { trackId: 2 })] : [face], time);
    expect(timeline.points(1).at(0)!.time).toBe(10);
    expect(timeline.points(1)).toHaveLength(61);
    expect(timeline.trackIds).toEqual([1, 2]);
    timeline.add([face], 50);
    expect(timeline.trackIds).toEqual([1]);
  });

  it('has a gap where the face was away', () => {
    expect(unbroken([point(0, 1), point(2, 1), point(5.1, 1)]).map(({ length }) => length)).toEqual([2, 1]);
  });

  it('gives the dominant labels with their times and shares', () => {
    const points = [point(0, 0.9), point(1, 0.8), point(2, 0.2), point(3, 0.3), point(10, 0.9)];
    expect(dominantStretches(points)).toEqual([
      { label: 'a', start: 0, end: 2 },
      { label: 'b', start: 2, end: 3 },
      { label: 'a', start: 10, end: 10 },
    ]);
    expect(timelineText(points)).toBe('a 67 % of the time, b 33 %');
    expect(timelineText([point(0, 1)])).toBe('too short');
  });

  it('finds the stretches that are unsure, each in one piece', () => {
    const trusted = (time: number, trust: 'sure' | 'unsure' | 'unusable') => ({ ...point(time, 1), trust });
    const points = [
      trusted(0, 'sure'),
      trusted(1, 'unsure'),
      trusted(2, 'unusable'),
      trusted(3, 'sure'),
      trusted(4, 'unsure'),
      trusted(9, 'unsure'),
    ];
    expect(unsureStretches(points)).toEqual([
      { start: 1, end: 3 },
      { start: 4, end: 4 },
      { start: 9, end: 9 },
    ]);
  });

  it('finds the point nearest to a time, within a second', () => {
    const points = [point(0, 0.9), point(1, 0.8), point(5, 0.2)];
    expect([0.4, 0.6, 5.9, -1].map((time) => pointAt(points, time)?.time)).toEqual([0, 1, 5, 0]);
    expect(pointAt(points, 3)).toBeNull();
    expect(pointAt([], 0)).toBeNull();
  });
});

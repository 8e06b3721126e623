import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IncreasingTime, describeSteps, parseStepLine } from './continuous-time.js';

it('gives strictly increasing times for any times, and leaves increasing ones unchanged', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e10, max: 1e12 }), { minLength: 2 }), (microseconds) => {
      const given = microseconds.map((time) => time / 1e6);
      const clock = new IncreasingTime();
      const times = given.map((time) => clock.next(time));
      for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThan(times[i - 1]!);
      const again = new IncreasingTime();
      expect(times.map((time) => again.next(time))).toEqual(times);
    }),
  );
});

it('puts a time that is repeated between its neighbours', () => {
  const clock = new IncreasingTime();
  expect([0, 0.04, 0.08, 0.08, 0.16].map((time) => clock.next(time))).toEqual([0, 0.04, 0.08, 0.1, 0.16]);
});

it('continues by whole intervals where time stops, and notes it', () => {
  const clock = new IncreasingTime();
  const times = [0, 0.04, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.12].map((time) => clock.next(time));
  expect(times).toEqual([0, 0.04, 0.08, 0.1, 0.12, 0.14, 0.18, 0.22, 0.26]);
  expect(describeSteps(clock.steps)).toBe('time steps back at 0.14 s');
});

it('only spreads frames of one time where ffmpeg keeps its filters, and returns to the times of the container', () => {
  const clock = new IncreasingTime(true);
  const times = [0.6, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 1.3, 1.4].map((time) => clock.next(time));
  expect(times.slice(-2)).toEqual([1.3, 1.4]);
  expect(times.slice(2, 7)).toEqual([...times.slice(2, 7)].sort((a, b) => a - b));
  expect(clock.steps).toEqual([]);
});

it('takes hours between two frames for a leap of the clock, but not what is usual for the footage', () => {
  const clock = new IncreasingTime();
  for (const time of [0, 0.04, 0.08, 7200, 7200.04]) clock.next(time);
  expect(clock.steps).toEqual([{ at: 0.08, size: 7199.92 }]);
  const timelapse = new IncreasingTime();
  for (const time of [0, 60, 120, 900, 960, 1500]) timelapse.next(time);
  expect(timelapse.steps).toEqual([]);
});

it('reads what the filter prints and nothing else', () => {
  expect(parseStepLine('3.440000')).toBe(3.44);
  expect(parseStepLine('-1.960000')).toBe(-1.96);
  for (const line of ['12', '[h264 @ 0x1] 3.440000', '3.440000 s', 'frame 3.440000'])
    expect(parseStepLine(line)).toBeNull();
});

it('names the first steps and counts the rest', () => {
  expect(describeSteps([])).toBeNull();
  const steps = Array.from({ length: 6 }, (_, i) => ({ at: 10 - i, size: -2 }));
  expect(describeSteps(steps)).toMatch(/^time steps back by 2 s at 5 s, .*at 8 s, and 2 more$/);
});

import { describe, expect, it } from 'vitest';
import { isInAreas, parseAnnotateOptions, parseArea } from './pipeline-settings.js';

const FRAME = { width: 200, height: 100 };
/** A face whose centre is at the point. */
const at = (x: number, y: number) => ({ x: x - 10, y: y - 10, width: 20, height: 20 });

describe('areas', () => {
  it('keep faces whose centre is in the region and in nothing that is ignored', () => {
    const areas = {
      region: parseArea('0%,0%,50%,100%'),
      ignore: [parseArea('10,10,20,20'), parseArea('60, 60, 10, 10')],
    };
    const kept = [at(50, 50), at(99, 99), at(101, 50), at(20, 20), at(31, 31), at(65, 65)].map((box) =>
      isInAreas(box, FRAME, areas),
    );
    expect(kept).toEqual([true, true, false, false, true, false]);
    expect(isInAreas(at(199, 99), FRAME, { region: null, ignore: [] })).toBe(true);
  });

  it.each(['', '1,2,3', '1,2,3,4,5', '1,2,0,4', 'a,1,2,3', '10%,1,2,3', '-1,0,5,5', '1,,2,3'])(
    'refuse "%s"',
    (text) => {
      expect(() => parseArea(text)).toThrow(/is not an area/);
    },
  );
});

describe('options of a program', () => {
  it.each([
    [{ prior: 'typical' }, 'prior: give one of training, balanced, uniform, auto, or frequencies by label'],
    [{ baseline: 'on' }, 'baseline: give auto, off, or seconds up to 3600'],
    [null, 'options: Invalid input: expected object, received null'],
  ])('refused, with what is allowed: %j', (options, message) => {
    expect(() => parseAnnotateOptions(options as never)).toThrow(message);
  });
});

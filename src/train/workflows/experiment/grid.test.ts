import { describe, expect, it } from 'vitest';
import { layOut, parseGrid } from './grid.js';

const GRID = {
  base: { data: 'manifest:faces', epochs: 4, optimizer: { lr: 0.01 } },
  methods: {
    CE: { method: { name: 'ce' } },
    NLA: { method: { name: 'nla', lambda: 0.25 }, optimizer: { weightDecay: 0 } },
  },
  conditions: { clean: {}, '20 % noise': { noise: { rate: 0.2 }, epochs: 6 } },
  seeds: [1, 2],
};
const invalid = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string });

describe('a grid', () => {
  it('is laid out seed by seed, condition by condition, every method in each', () => {
    const groups = layOut(parseGrid(GRID));
    expect(groups.map(({ cells }) => cells.map(({ method, condition, seed }) => [method, condition, seed]))).toEqual(
      [1, 2].flatMap((seed) =>
        ['clean', '20 % noise'].map((condition) => ['CE', 'NLA'].map((method) => [method, condition, seed])),
      ),
    );
    expect(groups[1]!.cells[1]!.folder).toBe('NLA/20-noise/seed-1');
    expect(groups.every(({ start }) => start === null)).toBe(true);
  });

  it("settles a run's settings: base, method, condition, seed, each over the one before", () => {
    const cell = layOut(parseGrid(GRID))[3]!.cells[1]!;
    expect(cell.config).toMatchObject({
      ...{ data: 'manifest:faces', epochs: 6, seed: 2 },
      method: { name: 'nla', lambda: 0.25 },
      optimizer: { lr: 0.01, weightDecay: 0 },
      noise: { kind: 'symmetric', rate: 0.2 },
    });
  });

  it('has one start for the methods that share data and seed', () => {
    const groups = layOut(parseGrid({ ...GRID, start: { method: { name: 'ce' }, epochs: 1 } }));
    for (const { start, cells } of groups) {
      expect(new Set(cells.map(({ startFolder }) => startFolder))).toEqual(new Set([start!.folder]));
      expect(start!.config.seed).toBe(cells[0]!.seed);
    }
    expect(new Set(groups.map(({ start }) => start!.folder)).size).toBe(4);
    // A condition's settings hold for the start, too: it sees the same labels.
    expect(groups[1]!.start!.config).toMatchObject({ noise: { rate: 0.2 }, method: { name: 'ce' } });
  });

  it.each([
    [{ ...GRID, seeds: [] }, /seeds/],
    [{ ...GRID, seeds: [1.5] }, /seeds\.0/],
    [{ ...GRID, test: 'train set' }, /test/],
    [{ ...GRID, methods: { CE: 4 } }, /methods\.CE/],
    [{ ...GRID, metods: {} }, /unknown field "metods": did you mean "methods"\?/],
    [{ base: GRID.base }, /methods: name the methods/],
    [[], /the whole/],
  ])('that is not a grid is refused with the reason: %#', (json, message) => {
    expect(() => parseGrid(json)).toThrow(invalid(message));
  });

  it('with a setting that is none is refused before anything runs', () => {
    expect(() => layOut(parseGrid({ ...GRID, conditions: { odd: { nois: {} } } }))).toThrow(
      invalid(/unknown setting "nois": did you mean "noise"/),
    );
  });

  it('in which two runs would share a folder is refused', () => {
    expect(() =>
      layOut(parseGrid({ ...GRID, methods: { 'a b': { method: { name: 'ce' } }, 'a-b': { method: { name: 'ce' } } } })),
    ).toThrow(invalid(/a-b\/clean\/seed-1/));
    expect(() => layOut(parseGrid({ ...GRID, seeds: [3, 3] }))).toThrow(invalid(/CE\/clean\/seed-3/));
    const start = { method: { name: 'ce' } };
    expect(() => layOut(parseGrid({ ...GRID, start, methods: { start } }))).toThrow(invalid(/none the name "start"/));
  });
});

import { join, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputNames } from './output-names.js';

function names(...inputs: string[]): string[] {
  return outputNames(inputs.map((name) => ({ name })));
}

describe('outputNames', () => {
  it.each([
    ['the stem', ['a/clip.mp4', 'b/other.mov'], ['clip', 'other']],
    ['the full name where stems are equal', ['a/clip.mp4', 'a/clip.mov', 'x.mp4'], ['clip.mp4', 'clip.mov', 'x']],
    ['the folder where full names are equal', ['day1/clip.mp4', 'day2/clip.mp4'], ['day1-clip', 'day2-clip']],
    ['as many folders as it takes', ['a/x/clip.mp4', 'b/x/clip.mp4'], ['a-x-clip', 'b-x-clip']],
    ['a number for the same input twice', ['/v/clip.mp4', '/v/clip.mp4'], ['v-clip.mp4', 'v-clip.mp4-2']],
    ['names that differ in more than case', ['a/Clip.mp4', 'a/clip.mov'], ['Clip.mp4', 'clip.mov']],
    ['other scripts unchanged', ['v/día 1.mp4', 'v/写真.mp4'], ['día 1', '写真']],
    ['names that begin with a dot, or have no ending', ['v/.hidden', 'v/camera'], ['.hidden', 'camera']],
    ['stdin', ['-'], ['stdin']],
    [
      'URLs by their last part, made safe',
      ['https://host/a/b/clip%20one.mp4?token=1', 'https://host/'],
      ['clip_one', 'host'],
    ],
    ['URLs that differ in their host only', ['https://a.org/v.mp4', 'https://b.org/v.mp4'], ['a.org-v', 'b.org-v']],
  ])('gives %s', (_what, inputs, expected) => {
    expect(names(...inputs)).toEqual(expected);
  });

  it('never makes an output of an input', () => {
    const inputs = ['v/clip.mp4', 'v/clip.overlay.mp4'].map((name) => ({ name }));
    const bases = outputNames(inputs, { outputDir: 'v', endings: ['.overlay.mp4', '.csv'] });
    expect(bases).toEqual(['clip.mp4', 'clip.overlay']);
    expect(outputNames(inputs, { outputDir: 'elsewhere', endings: ['.overlay.mp4'] })).toEqual([
      'clip',
      'clip.overlay',
    ]);
  });

  const named = (inputs: readonly string[], endings: readonly string[]): string[] =>
    outputNames(
      inputs.map((name) => ({ name })),
      { outputDir: 'out', endings },
    );

  it('never gives two inputs the same file, also with different endings', () => {
    const tables = ['.csv', '.segments.csv'];
    expect(named(['v/clip.mp4', 'v/clip.segments.mp4'], tables)).toEqual(['clip.mp4', 'clip.segments.mp4']);
    expect(named(['v/clip.segments.mp4', 'v/clip.mp4'], tables)).toEqual(['clip.segments.mp4', 'clip.mp4']);
    expect(named(['v/clip.mp4', 'v/clip.segments.mp4'], ['.csv'])).toEqual(['clip', 'clip.segments']);
  });

  it('leaves the names of tables over all inputs to those', () => {
    const inputs = ['v/Summary.mp4', 'v/combined.mp4', 'v/clip.mp4'];
    expect(named(inputs, ['.csv', '.csv'])).toEqual(['Summary.mp4', 'combined.mp4', 'clip']);
    expect(named(inputs, ['.jsonl'])).toEqual(['Summary', 'combined', 'clip']);
    expect(named(['v/summary'], ['.csv'])).toEqual(['v-summary']);
  });

  it('takes what follows the last dot of a folder of pictures for a part of its name', () => {
    expect(
      outputNames([
        { name: 'shots.v2', kind: 'images' },
        { name: 'face.png', kind: 'images' },
      ]),
    ).toEqual(['shots.v2', 'face']);
  });

  it('always gives distinct names of a length that leaves room for endings, in any order of the inputs', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      'A',
      'a-b',
      'clip',
      'Clip',
      'clip.mp4',
      'é',
      'e\u0301',
      'x'.repeat(240),
      '写'.repeat(80),
    );
    const path = fc
      .tuple(fc.array(part, { maxLength: 3 }), part, fc.constantFrom('', '.mp4', '.MOV'))
      .map(([folders, stem, ending]) => '/' + [...folders, stem + ending].join('/'));
    const input = fc.oneof(
      { weight: 4, arbitrary: path },
      { weight: 1, arbitrary: path.map((text) => `https://host${text}`) },
      fc.constant('-'),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), (inputs) => {
        const given = names(...inputs);
        expect(given).toHaveLength(inputs.length);
        expect(new Set(given.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(inputs.length);
        for (const name of given) {
          expect(name).not.toMatch(/[/\0]/);
          expect(name).not.toBe('');
          expect(Buffer.byteLength(name)).toBeLessThan(200);
        }
        // Except for the numbers of repeated inputs, no name depends on the order.
        if (
          new Set(inputs.map((name) => name.toLowerCase())).size === inputs.length &&
          given.every((name) => !/-\d+$/.test(name))
        ) {
          expect(names(...inputs.toReversed())).toEqual(given.toReversed());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never overwrites sources', () => {
    const stem = fc.constantFrom('clip', 'clip.overlay', 'clip.mp4', 'clip.mp4.overlay', 'v-clip', 'v-clip.overlay');
    fc.assert(
      fc.property(fc.uniqueArray(stem, { maxLength: 6 }), (stems) => {
        const inputs = stems.map((name) => ({ name: `/v/${name}.mp4` }));
        const sources = inputs.map(({ name }) => resolve(name));
        const outputs = outputNames(inputs, { outputDir: '/v', endings: ['.overlay.mp4'] }).map((base) =>
          join('/v', `${base}.overlay.mp4`),
        );
        for (const output of outputs) expect(sources).not.toContain(output);
        expect(new Set(outputs).size).toBe(outputs.length);
      }),
    );
  });
});

import { expect, it } from 'vitest';
import { EXPRESSIONS_7, EXPRESSIONS_8, LabelSet } from '../../model/label-set.js';
import { Collector } from './reading/define-reader.js';
import * as maps from './label-maps.js';
import { READERS } from './formats/registry.js';

it('calls the same expression by one name in every set', () => {
  const words = ['Happy', 'HAPPINESS', ' joy ', 'sad', 'Angry', 'fearful', 'Disgust', 'surprised', 'Neutral', 'bored'];
  expect(words.map(maps.canonicalLabel).join(' ')).toBe(
    'happiness happiness happiness sadness anger fear disgust surprise neutral bored',
  );
  // Every set has at least six of the seven; what else there is, is known.
  const others = new Set<string>();
  for (const { name, labels } of READERS) {
    if (labels === null) continue;
    expect(EXPRESSIONS_7.labels.filter((label) => labels.has(label)).length, name).toBeGreaterThanOrEqual(6);
    for (const label of labels.labels) if (!EXPRESSIONS_8.has(label)) others.add(label);
  }
  expect([...others].sort()).toEqual(['anxiety', 'calm', 'disappointment', 'helplessness', 'other']);
});

it("knows each set's codes, from 0 or from 1", () => {
  expect([
    maps.AFF_WILD2.codes.get('0'),
    maps.AFF_WILD2.codes.get('-1'),
    maps.AFF_WILD2.codes.get('7'),
    maps.AFF_WILD2.codes.get('8'),
  ]).toEqual(['neutral', null, 'other', undefined]);
  expect([maps.DFEW.codes.get('0'), maps.DFEW.codes.get('1'), maps.DFEW.codes.get('7')]).toEqual([
    undefined,
    'happiness',
    'fear',
  ]);
  expect([maps.AFFECTNET.codes.get('1'), maps.AFFECTNET.codes.get('7'), maps.AFFECTNET.codes.get('10')]).toEqual([
    'happiness',
    'contempt',
    null,
  ]);
  expect([maps.RAF_DB.codes.get('1'), maps.CK_PLUS.codes.get('2'), maps.RAVDESS.codes.get('2')]).toEqual([
    'surprise',
    'contempt',
    'calm',
  ]);
});

it('chooses the smallest of our own sets that fits', () => {
  expect(maps.labelSetFor('x', ['anger', 'neutral'])).toBe(EXPRESSIONS_7);
  expect(maps.labelSetFor('x', ['contempt'])).toBe(EXPRESSIONS_8);
  expect(maps.labelSetFor('x', ['anger', 'calm', 'anger']).labels).toEqual(['anger', 'calm']);
});

it('maps a data set to another label set: names, votes, frames, and what has no counterpart', () => {
  const own = new LabelSet('own', ['neutral', 'calm', 'happiness', 'other']);
  const found = new Collector();
  const at = (id: string) => ({ id, path: `/${id}`, split: 'train' as const });
  found.image({ ...at('a'), label: 'calm', softLabel: [0.2, 0.4, 0.2, 0.2] });
  found.image({ ...at('b'), label: 'other', softLabel: [0, 0, 0, 1] });
  found.clip({ ...at('c'), frameLabels: ['calm', null, 'other', 'happiness'] });
  found.clip({ ...at('d'), frameLabels: [null, 'other'] });
  const mapped = maps.mapLabels(found.dataset('own', own), EXPRESSIONS_7, { calm: 'neutral' });
  expect(mapped.labels).toBe(EXPRESSIONS_7);
  expect(mapped.samples.map(({ id, label, frameLabels }) => [id, label, frameLabels])).toEqual([
    ['a', 'neutral', null],
    ['c', null, ['neutral', null, null, 'happiness']],
  ]);
  mapped.samples[0]!.softLabel!.forEach((share, index) => {
    expect(share).toBeCloseTo([0.75, 0.25, 0, 0, 0, 0, 0][index]!, 12);
  });
  expect(Object.values(mapped.leftOut)).toEqual([1, 1]);
  expect(() => maps.mapLabels(found.dataset('own', own), EXPRESSIONS_7, { calm: 'bliss' })).toThrow(/bliss/);
});

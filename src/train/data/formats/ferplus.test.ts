import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { runProcess } from '../../../ingest/ffmpeg/binaries.js';
import { deduplicate } from '../content.js';
import { ferplus, ferplusVotes, strictMajority } from './ferplus.js';

const HEADER = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';

it('reads votes by strict majority; soft labels; official splits; removed and missing images', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'fer2013new.csv': [
      HEADER,
      'Training,fer0000000.png,8,0,0,0,0,0,0,2,0,0',
      'Training,fer0000001.png,5,0,0,5,0,0,0,0,0,0',
      'Training,,0,0,0,0,0,0,0,0,0,10',
      'Training,fer0000003.png,0,10,0,0,0,0,0,0,0,0',
      'PublicTest,fer0028638.png,0,0,0,0,0,0,9,0,1,0',
      'PublicTest,fer0028639.png,0,0,0,0,0,5,5,0,0,0',
      'PrivateTest,fer0032220.png,0,0,0,0,10,0,0,0,0,0',
      'Training,fer0000004.png,0,ten,0,0,0,0,0,0,0,0',
      '',
    ].join('\r\n'),
    ...standIns(
      'data/FER2013Train/fer0000000.png',
      'data/FER2013Train/fer0000001.png',
      'data/FER2013Valid/fer0028638.png',
      'data/FER2013Test/fer0032220.png',
    ),
  });
  const { samples, problems, leftOut } = await ferplus.read(root);
  expect(samples.map(({ id, label, split, softLabel }) => [id, label, split, softLabel])).toEqual([
    ['FER2013Train/fer0000000.png', 'neutral', 'train', [0.8, 0, 0, 0, 0, 0, 0, 0.2]],
    ['FER2013Valid/fer0028638.png', 'fear', 'valid', [0, 0, 0, 0, 0, 0, 1, 0]],
    ['FER2013Test/fer0032220.png', 'anger', 'test', [0, 0, 0, 0, 1, 0, 0, 0]],
  ]);
  expect(leftOut).toEqual({ 'no majority': 2, 'majority for no expression': 1 });
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['missing-file', 5],
    ['unreadable-row', 9],
  ]);
  const { samples: withContested, leftOut: without } = await ferplusVotes.read(root);
  expect(withContested.filter(({ contested }) => contested !== true)).toEqual(samples);
  expect(withContested.at(-1)).toMatchObject({
    id: 'FER2013Train/fer0000001.png',
    label: 'neutral',
    split: 'train',
    softLabel: [0.5, 0, 0, 0.5, 0, 0, 0, 0],
    contested: true,
  });
  expect(withContested).toHaveLength(samples.length + 1);
  expect(without).toEqual({ 'no majority': 1, 'majority for no expression': 1 });
  expect((await ferplus.read(root, { split: 'test' })).samples).toHaveLength(1);
  await expect(ferplus.read(root, { fold: 1 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

const TAR = fileURLToPath(new URL('../../../../../shared/data/ferplus.tar', import.meta.url));
if (!existsSync(TAR)) console.warn(`SKIPPED: FERPlus' real counts are not checked, there is no ${TAR}`);

it.skipIf(!existsSync(TAR))(
  'finds in the real set what its protocol gives',
  async () => {
    const root = await scratchDir();
    expect((await runProcess('tar', ['xf', TAR, '-C', root], 150_000)).exitCode).toBe(0);
    const dataset = await ferplus.read(`${root}/ferplus`);
    const count = (split: string, label?: string): number =>
      dataset.samples.filter((sample) => sample.split === split && (label === undefined || sample.label === label))
        .length;
    expect(dataset.problems).toEqual([]);
    expect([count('train'), count('valid')]).toEqual([25_060, 3_199]);
    expect([count('train', 'disgust'), count('train', 'contempt')]).toEqual([119, 119]);
    expect(new Set(dataset.samples.map(({ label }) => label)).size).toBe(8);
    const { dataset: unique, dropped } = await deduplicate(dataset);
    expect(dropped).toHaveLength(1_316);
    expect(unique.samples).toHaveLength(25_060 + 3_199 - 1_316);
    expect(dropped.every(({ sample }) => sample.split === 'train')).toBe(true);

    const voted = await ferplusVotes.read(`${root}/ferplus`);
    const contested = voted.samples.filter((sample) => sample.contested === true);
    expect(contested).toHaveLength(3_356);
    expect(contested.every(({ split }) => split === 'train')).toBe(true);
    expect(voted.samples).toHaveLength(25_060 + 3_199 + 3_356);
  },
  180_000,
); // 32,000 files on a disk that others use too

describe('strict majority', () => {
  it('ignores single votes, counts unknown, and wants more than half', () => {
    expect(strictMajority([8, 1, 1, 0, 0], 3)).toEqual({ index: 0, shares: [1, 0, 0], isContested: false });
    expect(strictMajority([6, 2, 0, 2, 0], 3)).toEqual({ index: 0, shares: [0.75, 0.25, 0], isContested: false });
    // Half is not more than half.
    expect(strictMajority([5, 5, 0, 0, 0], 3)).toBe('no majority');
    // Of the classes alone it would be one.
    expect(strictMajority([4, 2, 0, 4, 0], 3)).toBe('no majority');
    expect(strictMajority([0, 0, 0, 0, 10], 3)).toBe('majority for no expression');
    expect(strictMajority([1, 1, 1, 1, 1], 3)).toBe('no majority');
  });

  it('gives the most frequent class where none wins, on request and if most votes are for classes', () => {
    const contested = { contested: true };
    expect(strictMajority([3, 5, 2, 0, 0], 3, contested)).toEqual({
      index: 1,
      shares: [0.3, 0.5, 0.2],
      isContested: true,
    });
    expect(strictMajority([4, 4, 0, 2, 0], 3, contested)).toEqual({
      index: 0,
      shares: [0.5, 0.5, 0],
      isContested: true,
    });
    expect(strictMajority([6, 4, 0, 0, 0], 3, contested)).toEqual({
      index: 0,
      shares: [0.6, 0.4, 0],
      isContested: false,
    });
    expect(strictMajority([2, 3, 0, 5, 0], 3, contested)).toBe('no majority');
    expect(strictMajority([0, 2, 0, 8, 0], 3, contested)).toBe('majority for no expression');
    expect(strictMajority([1, 1, 1, 1, 1], 3, contested)).toBe('no majority');
  });

  it('gives shares that add up to 1 and are largest at the winner', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10), { minLength: 5, maxLength: 10 }), (votes) => {
        const majority = strictMajority(votes, votes.length - 2);
        if (typeof majority === 'string') return;
        expect(majority.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        expect(Math.max(...majority.shares)).toBe(majority.shares[majority.index]);
        expect(majority.shares[majority.index]).toBeGreaterThan(0.5);
      }),
    );
  });
});

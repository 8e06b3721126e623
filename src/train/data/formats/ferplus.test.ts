import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { runProcess } from '../../../ingest/ffmpeg/run-process.js';
import { deduplicate } from '../content.js';
import { ferplus, ferplusVotes } from './ferplus.js';

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

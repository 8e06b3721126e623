import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { ferv39k } from './ferv39k.js';

it('reads "path Label" lists: no header, spaces in folder names, missing clips', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    '4_setups/All_scenes/train_All.csv':
      'Action/Happy/0250 Happy\r\nDaily Life/Angry/0003 Angry\r\nCrime/Fear/0009 Fear\r\n',
    '4_setups/All_scenes/test_All.csv': 'Action/Sad/0001 Sad\nAction/Sad/0002 Bored\n',
    ...standIns(
      '2_ClipsforFaceCrop/Action/Happy/0250/0001.jpg',
      '2_ClipsforFaceCrop/Daily Life/Angry/0003/0001.jpg',
      '2_ClipsforFaceCrop/Action/Sad/0001.avi',
    ),
  });
  const { samples, problems } = await ferv39k.read(root);
  expect(samples.map(({ id, label, split, frames }) => [id, label, split, frames?.length ?? null])).toEqual([
    ['Action/Happy/0250', 'happiness', 'train', 1],
    ['Daily Life/Angry/0003', 'anger', 'train', 1],
    ['Action/Sad/0001', 'sadness', 'test', null],
  ]);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['missing-file', 3],
    ['unreadable-row', 2],
  ]);
});

it('reads folders that archives were unpacked into', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    '4_setups/4_setups/All_scenes/train_All.csv': 'Action/Happy/0250 Happy\n',
    '4_setups/4_setups/All_scenes/test_All.csv': 'Action/Sad/0001 Sad\n',
    ...standIns(
      '2_ClipsforFaceCrop/2_ClipsforFaceCrop/Action/Happy/0250/0001.jpg',
      '2_ClipsforFaceCrop/2_ClipsforFaceCrop/Action/Sad/0001/0001.jpg',
    ),
  });
  const { samples, problems } = await ferv39k.read(root);
  expect([samples.map(({ id, split }) => [id, split]), problems]).toEqual([
    [
      ['Action/Happy/0250', 'train'],
      ['Action/Sad/0001', 'test'],
    ],
    [],
  ]);
});

import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { dfew } from './dfew.js';

async function tree(): Promise<string> {
  const root = await scratchDir();
  await writeTree(root, {
    'EmoLabel_DataSplit/train(single-labeled)/set_1.csv': '\uFEFFvideo_name,label\r\n1,1\r\n00002,4\r\n3,7\r\n4,0\r\n',
    'EmoLabel_DataSplit/test(single-labeled)/set_1.csv': 'video_name,label\n5,3\n',
    'EmoLabel_DataSplit/train(single-labeled)/set_2.csv': 'video_name,label\n5,3\n',
    'EmoLabel_DataSplit/test(single-labeled)/set_2.csv': 'video_name,label\n1,1\n',
    ...standIns(
      'Clip/clip_224x224_16f/00001/1.jpg',
      'Clip/clip_224x224_16f/00001/10.jpg',
      'Clip/clip_224x224_16f/00001/2.jpg',
    ),
    ...standIns('Clip/original/00001.mp4', 'Clip/original/00002.mp4', 'Clip/original/00005.mp4'),
  });
  return root;
}

it('reads one fold: header, numbers without their zeros, frames in the order of their numbers', async () => {
  const { samples, problems } = await dfew.read(await tree());
  expect(
    samples.map(({ id, label, split, frames }) => [
      id,
      label,
      split,
      frames?.map(({ path }) => path.split('/').at(-1)) ?? null,
    ]),
  ).toEqual([
    ['00001', 'happiness', 'train', ['1.jpg', '2.jpg', '10.jpg']],
    ['00002', 'anger', 'train', null],
    ['00005', 'neutral', 'test', null],
  ]);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['missing-file', 4],
    ['unreadable-row', 5],
  ]);
});

it('reads the given fold, and none beyond the five', async () => {
  const root = await tree();
  const { samples } = await dfew.read(root, { fold: 2 });
  expect(samples.map(({ id, split }) => [id, split])).toEqual([
    ['00005', 'train'],
    ['00001', 'test'],
  ]);
  for (const fold of [0, 6, 1.5])
    await expect(dfew.read(root, { fold })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('finds original videos by their number without zeros, in parts, and crops kept as videos', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'EmoLabel_DataSplit/train(single-labeled)/set_1.csv': 'video_name,label\n1,1\n00002,4\n',
    'EmoLabel_DataSplit/test(single-labeled)/set_1.csv': 'video_name,label\n3,3\n',
    ...standIns('Clip/original/1.mp4', 'Clip/original/part_1/2.MP4', 'Clip/clip_224x224_avi/00003.avi'),
  });
  const { samples, problems } = await dfew.read(root);
  expect([samples.map(({ id, path }) => [id, path.slice(root.length + 1)]), problems]).toEqual([
    [
      ['00001', 'Clip/original/1.mp4'],
      ['00002', 'Clip/original/part_1/2.MP4'],
      ['00003', 'Clip/clip_224x224_avi/00003.avi'],
    ],
    [],
  ]);
});

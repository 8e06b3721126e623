import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { rafDb } from './raf-db.js';

it('reads the misspelt list, aligned images before originals', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'EmoLabel/list_patition_label.txt':
      'train_00001.jpg 5\r\ntrain_00002.jpg 1\r\ntrain_00003.jpg 8\r\ntrain_00004.jpg 2\r\ntest_0001.jpg 7\r\n',
    ...standIns(
      'Image/aligned/train_00001_aligned.jpg',
      'Image/original/train_00001.jpg',
      'Image/original/train_00002.jpg',
      'Image/aligned/test_0001_aligned.jpg',
    ),
  });
  const { samples, problems } = await rafDb.read(root);
  expect(samples.map(({ path, label, split }) => [path.slice(root.length + 1), label, split])).toEqual([
    ['Image/aligned/train_00001_aligned.jpg', 'sadness', 'train'],
    ['Image/original/train_00002.jpg', 'surprise', 'train'],
    ['Image/aligned/test_0001_aligned.jpg', 'neutral', 'test'],
  ]);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['unreadable-row', 3],
    ['missing-file', 4],
  ]);
});

it('reads copies that are class folders numbered from 1', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns(
      'DATASET/train/4/train_00001_aligned.jpg',
      'DATASET/test/7/test_0001_aligned.jpg',
      'DATASET/test/1/a.jpg',
    ),
    'train_labels.csv': 'image,label\n',
  });
  const { samples } = await rafDb.read(root);
  expect(samples.map(({ id, label, split }) => [id, label, split])).toEqual([
    ['DATASET/test/1/a.jpg', 'surprise', 'test'],
    ['DATASET/test/7/test_0001_aligned.jpg', 'neutral', 'test'],
    ['DATASET/train/4/train_00001_aligned.jpg', 'happiness', 'train'],
  ]);
});

it('reads a list beside its pictures, and archives unpacked into folders of their own name', async () => {
  for (const [list, images] of [
    ['list_patition_label.txt', 'aligned'],
    ['EmoLabel/list_patition_label.txt', 'Image/aligned/aligned'],
    ['Basic/Emolabel/list_patition_label.txt', 'Basic/image/Aligned'],
  ] as const) {
    const root = await scratchDir();
    await writeTree(root, {
      [list]: 'train_00001.jpg 5\ntest_0001.jpg 7\n',
      ...standIns(`${images}/train_00001_aligned.jpg`, `${images}/test_0001_aligned.JPG`),
    });
    const { samples, problems } = await rafDb.read(root);
    expect([samples.map(({ path }) => path.slice(root.length + 1)), problems]).toEqual([
      [`${images}/train_00001_aligned.jpg`, `${images}/test_0001_aligned.JPG`],
      [],
    ]);
  }
});

it('says which archive to unpack', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'EmoLabel/list_patition_label.txt': 'train_00001.jpg 5\n',
    ...standIns('Image/aligned.zip'),
  });
  await expect(rafDb.read(root)).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining('unpack Image/aligned.zip') as string,
  });
});

it('refuses the list of the compound expressions, which has the same name and other classes', async () => {
  const root = await scratchDir();
  const rows = Array.from({ length: 11 }, (_, i) => `train_${i}.jpg ${i + 1}\n`);
  await writeTree(root, {
    'EmoLabel/list_patition_label.txt': rows.join(''),
    ...standIns('Image/aligned/train_0_aligned.jpg'),
  });
  await expect(rafDb.read(root)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('compound') as string,
  });
});

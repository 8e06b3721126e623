import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { checkDataset } from '../check-dataset.js';
import { InMemoryFaces, facesOf } from '../faces/face-dataset.js';
import { deduplicate } from '../content.js';
import { readFrames } from '../preprocess/read-frames.js';
import { fer2013 } from './fer2013.js';

const grey = (value: number): string =>
  Array<number>(48 * 48)
    .fill(value)
    .join(' ');
const ROWS = [
  `3,${grey(10)},Training`,
  `0,${grey(20)},Training`,
  `6,${grey(30)},PublicTest`,
  `4,${grey(10)},PrivateTest`,
  `7,${grey(40)},Training`,
  '2,1 2 3,Training',
];
const TABLE = ['emotion,pixels,Usage', ...ROWS].join('\r\n');

it('reads the table as it was handed out: pictures from its cells', async () => {
  const root = await scratchDir();
  await writeTree(root, { 'fer2013.csv': TABLE });
  const dataset = await fer2013.read(root);
  expect(dataset.samples.map(({ id, label, split }) => [id, label, split])).toEqual([
    ['train/00001', 'happiness', 'train'],
    ['train/00002', 'anger', 'train'],
    ['valid/00003', 'neutral', 'valid'],
    ['test/00004', 'sadness', 'test'],
  ]);
  expect(dataset.labels.name).toBe('expressions-7');
  expect(dataset.problems.map(({ line }) => line)).toEqual([6, 7]);

  const geometry = { ...DEFAULT_CROP, size: 48, channels: 1 } as const;
  const faces = await InMemoryFaces.decode(dataset.samples.flatMap(facesOf), geometry);
  const shades: (number | null)[] = [];
  for await (const { crop } of faces) shades.push(crop?.data[100] ?? null);
  expect(shades).toEqual([10, 20, 30, 10]);
  for await (const { picture } of readFrames(dataset.samples[1]!, { framesPerSecond: null }))
    expect([picture?.width, picture?.data.length, picture?.data[5000]]).toEqual([48, 3 * 48 * 48, 20]);

  // The first picture is in the test part too.
  expect((await deduplicate(dataset)).dropped.map(({ sample }) => sample.id)).toEqual(['train/00001']);
  expect((await checkDataset(dataset)).duplicates?.map(({ ids }) => ids)).toEqual([['train/00001', 'test/00004']]);
});

it('takes the labels of FERPlus where its votes lie beside the table', async () => {
  const root = await scratchDir();
  const votes = [
    'Training,a,0,0,0,0,0,0,0,10,0,0',
    'Training,b,0,0,0,6,4,0,0,0,0,0',
    'PublicTest,c,4,4,2,0,0,0,0,0,0,0',
  ];
  await writeTree(join(root, 'fer2013'), {
    'fer2013.csv': ['emotion,pixels,Usage', ...ROWS.slice(0, 4)].join('\n'),
    'fer2013new.csv': [
      'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF',
      ...votes,
    ].join('\n'),
  });
  const { samples, labels, leftOut, problems } = await fer2013.read(root);
  expect(samples.map(({ label, softLabel }) => [label, softLabel])).toEqual([
    ['contempt', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['sadness', [0, 0, 0, 0.6, 0.4, 0, 0, 0]],
  ]);
  expect([labels.name, leftOut]).toEqual(['expressions-8', { 'no majority': 1 }]);
  expect(problems.map(({ line, message }) => [line, message])).toEqual([[5, 'has no row of votes in fer2013new.csv']]);
});

it('reads the columns in any order, and copies that are class folders', async () => {
  const root = await scratchDir();
  await writeTree(root, { 'icml_face_data.csv': `emotion, Usage, pixels\n5,Training,${grey(1)}\n` });
  expect((await fer2013.read(root)).samples.map(({ label }) => label)).toEqual(['surprise']);
  const other = await scratchDir();
  await writeTree(other, {
    ...standIns('train/angry/1.jpg', 'test/neutral/2.jpg'),
    'train/0/3.png': await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  });
  expect((await fer2013.read(other)).samples.map(({ label, split }) => [label, split])).toEqual([
    ['neutral', 'test'],
    ['anger', 'train'],
    ['anger', 'train'],
  ]);
});

it('reads tables that went through a spreadsheet, and copies with folders named after its parts', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'fer2013.csv': Buffer.from(`\uFEFFemotion;pixels;Usage\r\n3;"${grey(1)} ";PublicTest\r\n`, 'utf16le'),
  });
  expect((await fer2013.read(root)).samples.map(({ label, split }) => [label, split])).toEqual([
    ['happiness', 'valid'],
  ]);
  const other = await scratchDir();
  await writeTree(other, standIns('Training/Angry/1.jpg', 'PublicTest/Sad/2.jpg', 'PrivateTest/Sad/3.jpg'));
  expect((await fer2013.read(other)).samples.map(({ id, split }) => [id, split])).toEqual([
    ['PrivateTest/Sad/3.jpg', 'test'],
    ['PublicTest/Sad/2.jpg', 'valid'],
    ['Training/Angry/1.jpg', 'train'],
  ]);
});

it('finds the table in a folder of its own name, and says when it cannot be read', async () => {
  const root = await scratchDir();
  await writeTree(root, { 'fer2013.csv/fer2013.csv': TABLE });
  expect((await fer2013.read(root)).samples).toHaveLength(4);
  const other = await scratchDir();
  await writeTree(other, standIns('fer2013.csv/readme.txt'));
  await expect(fer2013.read(other)).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining('the index of the data set cannot be read') as string,
  });
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { folders } from './folders.js';

async function read(files: Record<string, string>, options = {}) {
  const root = await scratchDir();
  await writeTree(root, files);
  return { root, ...(await folders.read(root, options)) };
}

it('reads class folders without splits as one whole', async () => {
  const { samples, splits, unsplit, labels } = await read(
    standIns(
      'happy/a.jpg',
      'happy/b.mp4',
      'Contempt/c.png',
      '3_Angry/d.webp',
      'happy/readme.txt',
      'Sad/clip/1.jpg',
      'Sad/clip/2.jpg',
    ),
  );
  expect(samples.map(({ id, kind, label, split }) => [id, kind, label, split])).toEqual([
    ['3_Angry/d.webp', 'image', 'anger', 'train'],
    ['Contempt/c.png', 'image', 'contempt', 'train'],
    ['happy/a.jpg', 'image', 'happiness', 'train'],
    ['happy/b.mp4', 'clip', 'happiness', 'train'],
    ['Sad/clip', 'clip', 'sadness', 'train'],
  ]);
  expect([splits, unsplit, labels.name]).toEqual([['train'], true, 'expressions-8']);
});

it.each([
  ['train', 'valid', 'test'],
  ['Train', 'Val', 'Test'],
  ['training', 'validation', 'testing'],
  ['my_train_set', 'val_set', 'images-test'],
])('reads split folders called %s, %s, %s, wherever an archive put them', async (train, valid, test) => {
  const files = standIns(`out/${train}/happy/a.jpg`, `out/${valid}/sad/b.jpg`, `out/${test}/fear/c.jpg`);
  const { samples, splits, unsplit } = await read({ ...files, 'labels.pdf': '' });
  expect(samples.map(({ label, split }) => [label, split]).sort()).toEqual([
    ['fear', 'test'],
    ['happiness', 'train'],
    ['sadness', 'valid'],
  ]);
  expect([splits, unsplit]).toEqual([['train', 'valid', 'test'], undefined]);
});

it('has the same classes for any split', async () => {
  const files = standIns('train/happy/a.jpg', 'train/bored/b.jpg', 'test/happy/c.jpg');
  const { samples, labels } = await read(files, { split: 'test' });
  expect([samples.length, labels.labels]).toEqual([1, ['bored', 'happiness']]);
});

it.each([
  ['labels.txt', '# svenska\nglad = happiness\nARG: anger\nförvånad\tsurprise\novrigt = ignore\n'],
  ['labels.csv', 'glad;happy\r\narg;angry\r\nförvånad;surprised\r\novrigt;\r\n'],
  ['labels.json', '{ "Glad": "happiness", "arg": "anger", "förvånad": "surprise", "ovrigt": null }'],
])('takes class words of another language from %s beside them', async (name, text) => {
  const { samples, problems, leftOut } = await read({
    ...standIns(
      'glad/a.jpg',
      'Arg/b.jpg',
      'fo\u0308rva\u030Anad/c.jpg',
      'Neutral/d.jpg',
      'ovrigt/e.jpg',
      'okänd/f.jpg',
    ),
    [name]: text,
  });
  expect(Object.fromEntries(samples.map(({ path, label }) => [path.at(-5), label]))).toEqual({
    ...{ a: 'happiness', b: 'anger', c: 'surprise', d: 'neutral' },
  });
  expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('"okänd" is not a class')]);
  expect(leftOut).toEqual({ 'class "ovrigt"': 1 });
});

it('takes numbers by a map or a list, and refuses them without one', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns('train/0/a.jpg', 'train/01/b.jpg', 'test/1/c.jpg'),
    'map.txt': '0=sad\n1=happy\n',
    'list.txt': 'sad\nhappy\n',
  });
  for (const labels of ['map.txt', 'list.txt']) {
    const { samples } = await folders.read(root, { labels: join(root, labels) });
    expect(samples.map(({ label, split }) => [label, split])).toEqual([
      ['happiness', 'test'],
      ['sadness', 'train'],
      ['happiness', 'train'],
    ]);
  }
  await expect(folders.read(root)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('"1" is a number: say what the numbers mean with --labels FILE') as string,
  });
});

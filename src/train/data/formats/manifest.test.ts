import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { manifest } from './manifest.js';

it('reads a CSV: labels as people write them, stretches of one video, frames, spaces, a BOM and Windows lines', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'manifest.csv':
      '\uFEFFpath,label,start,end,subject,Split\r\n' +
      'my clips/one.mp4,Happy,0,2.5,Ann,train\r\n"my clips/one.mp4",angry,2.5,,Ann,train\r\nframes,sad,,,Bob,val\r\nface.png,Neutral,,,,\r\n',
    ...standIns('my clips/one.mp4', 'frames/2.png', 'frames/10.png', 'frames/1.png', 'face.png'),
  });
  const { samples, problems, labels, splits } = await manifest.read(root);
  expect(problems).toEqual([]);
  expect(labels.name).toBe('expressions-7');
  expect(splits).toEqual(['train', 'valid']);
  expect(
    samples.map(({ id, kind, label, subject, split, startSeconds, endSeconds }) => [
      id,
      kind,
      label,
      subject,
      split,
      startSeconds,
      endSeconds,
    ]),
  ).toEqual([
    ['my clips/one.mp4', 'clip', 'happiness', 'Ann', 'train', 0, 2.5],
    ['my clips/one.mp4#2', 'clip', 'anger', 'Ann', 'train', 2.5, null],
    ['frames', 'clip', 'sadness', 'Bob', 'valid', null, null],
    ['face.png', 'image', 'neutral', null, 'train', null, null],
  ]);
  expect(samples[2]!.frames!.map(({ path }) => path.split('/').at(-1))).toEqual(['1.png', '2.png', '10.png']);
});

it('reads labels by frame, from a JSONL row or from a file beside it', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'own.jsonl':
      '{"path":"a.mp4","frameLabels":["happy",null,"bored"]}\n\n{"path":"b.mp4","frameLabels":"b.txt","split":"test","subject":7}\n',
    'b.txt': 'sad\r\n\r\n-1\r\nsad\r\n',
    ...standIns('a.mp4', 'b.mp4'),
  });
  const { samples, labels, problems } = await manifest.read(`${root}/own.jsonl`);
  expect(problems).toEqual([]);
  expect(labels.labels).toEqual(['happiness', 'bored', 'sadness']);
  expect(samples.map(({ label, frameLabels, split, subject }) => [label, frameLabels, split, subject])).toEqual([
    [null, ['happiness', null, 'bored'], 'train', null],
    [null, ['sadness', null, null, 'sadness'], 'test', '7'],
  ]);
});

it('names file and line of every row that cannot be used, and continues', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'manifest.jsonl': [
      '{"path":"a.mp4","label":"happy"}',
      '{"path":"gone.mp4","label":"happy"}',
      'not json',
      '{"path":"a.mp4","lable":"happy"}',
      '{"path":"a.mp4"}',
      '{"path":"a.mp4","label":"happy","split":"tset"}',
      '{"path":"a.mp4","label":"happy","start":3,"end":2}',
      '{"path":"a.mp4","label":"happy","frameLabels":["sad"]}',
      '{"path":"a.mp4","frameLabels":"gone.txt"}',
      '{"path":"a.mp4","frameLabels":[null]}',
      '{"path":"words.txt","label":"happy"}',
    ].join('\n'),
    ...standIns('a.mp4', 'words.txt'),
  });
  const { samples, problems } = await manifest.read(root);
  expect(samples).toHaveLength(1);
  expect(problems.map(({ line }) => line).sort((a, b) => a! - b!)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(problems.filter(({ kind }) => kind === 'missing-file').map(({ line }) => line)).toEqual([2, 11]);
  expect(problems.find(({ line }) => line === 4)?.message).toContain('lable');
});

it('refuses a CSV with an unknown column', async () => {
  const root = await scratchDir();
  await writeTree(root, { 'manifest.csv': 'path,lable\na.mp4,happy\n' });
  await expect(manifest.read(root)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('"label"') as string,
  });
});

describe('tables of spreadsheets', () => {
  const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');
  it.each<[string, string | Buffer]>([
    ['semicolons', 'path;label;start;end\r\nm\u00fcde\\a.PNG;Happy;0:01;1,5\r\n'],
    ['tabs', 'path\tlabel\tstart\tend\r\nm\u00fcde\\a.PNG\tHappy\t0:01\t1.5\r\n'],
    ['a separator line', 'sep=;\r\npath;label;start;end\r\nm\u00fcde\\a.PNG;Happy;00:00:01;1,5\r\n'],
    ['UTF-16', utf16('path\tlabel\tstart\tend\r\nm\u00fcde/a.PNG\tHappy\t1\t"1,5"\r\n')],
    ['UTF-16 of the other byte order', utf16('path,label,start,end\nm\u00fcde/a.PNG,Happy,1,1.5\n').swap16()],
    ['cp1252', Buffer.from('path,label,start,end\r\nm\u00fcde\\a.PNG,Happy,1,1.5\r\n', 'latin1')],
    ['empty columns', 'path,label,start,end,,\r\nm\u00fcde/a.PNG,Happy,1,1.5,,\r\n,,,,,\r\n'],
    ['cells in quotes', '"path","label","start","end"\r\n"m\u00fcde/a.PNG","Happy","1","1.5"\r\n'],
    ['accents of another kind', 'path,label,start,end\nmu\u0308de/a.PNG,Happy,1,1.5\n'],
  ])('are read with %s', async (_, text) => {
    const root = await scratchDir();
    await writeTree(root, { 'manifest.csv': text, 'm\u00fcde/a.png': 'x' });
    const { samples, problems, unsplit } = await manifest.read(root);
    expect(problems).toEqual([]);
    expect(samples).toMatchObject([
      { path: join(root, 'm\u00fcde/a.png'), label: 'happiness', startSeconds: 1, endSeconds: 1.5 },
    ]);
    expect(unsplit).toBe(true);
  });

  it.each([
    [
      'path,label\na.png,"happy\nb.png,sad\n',
      'INPUT_UNREADABLE',
      'line 2: a quote is opened in this row and never closed',
    ],
    ['path,label,Label\na.png,happy,sad\n', 'CONFIG_INVALID', 'has the column "label" twice'],
    ['path;lable\na.png;happy\n', 'CONFIG_INVALID', 'unknown column "lable" in the first line: did you mean "label"'],
  ])('are refused by the true reason: %j', async (text, code, message) => {
    const root = await scratchDir();
    await writeTree(root, { 'manifest.csv': text, 'a.png': 'x' });
    await expect(manifest.read(root)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('tell of cells that belong to no column, and of times that are none', async () => {
    const root = await scratchDir();
    await writeTree(root, { 'manifest.csv': 'path,label,start\na.png,happy,0,5\na.png,happy,1:2:3:4\n', 'a.png': 'x' });
    const { problems } = await manifest.read(root);
    expect(problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'has a cell ("5") in no column: quote cells that hold the separator'],
      [3, 'start is not a time in seconds, or as hours:minutes:seconds'],
    ]);
  });

  it('have labels in any language with a file of class words', async () => {
    const root = await scratchDir();
    await writeTree(root, {
      'manifest.csv': 'path,label\na.png,Froh\n',
      'words.txt': 'froh = happiness',
      'a.png': 'x',
    });
    const { samples } = await manifest.read(root, { labels: join(root, 'words.txt') });
    expect(samples.map(({ label }) => label)).toEqual(['happiness']);
  });
});

it('reads JSONL as programs write it: null for empty cells, numbers for classes, and any name of a split', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'Manifest.jsonl': [
      { path: 'a.mp4', label: 'happy', frameLabels: null, start: null, end: 1e-5, subject: null, split: null },
      { path: 'b.mp4', label: null, frameLabels: [0, -1, 1], start: '0:01', split: 'Val_Set', subject: 'Ann' },
      { path: 'b.mp4', label: 'sad', split: 'PrivateTest' },
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
    ...standIns('a.mp4', 'b.mp4'),
  });
  const { samples, problems } = await manifest.read(root);
  expect(problems).toEqual([]);
  expect(
    samples.map(({ label, frameLabels, split, subject, startSeconds, endSeconds }) => [
      ...[label, frameLabels, split, subject, startSeconds, endSeconds],
    ]),
  ).toEqual([
    ['happiness', null, 'train', null, null, 1e-5],
    [null, ['0', null, '1'], 'valid', 'Ann', 1, null],
    ['sadness', null, 'test', null, null, null],
  ]);
});

import sharp from 'sharp';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { runDatasetCheck } from '../../cli/run-dataset-check.js';
import { checkDataset } from './check-dataset.js';
import { deduplicate } from './deduplicate.js';
import { openDataset } from './registry.js';

function picture(shade: number): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: 0, b: 255 - shade } } }).png().toBuffer();
}

/** Copies within and across splits, contradicting labels, a person in two splits, damage, and a row without a file. */
async function troubled(): Promise<string> {
  const root = await scratchDir();
  const [one, two, three, four] = await Promise.all([10, 20, 30, 40].map(picture));
  await writeTree(root, {
    'manifest.csv': [
      'path,label,start,end,subject,split',
      'one.png,happy,,,Ann,train',
      'one-again.png,happy,,,Ann,train',
      'two.png,sad,,,Bob,train',
      'two-tested.png,angry,,,Bob,test',
      'two-tested-again.png,angry,,,Bob,test',
      'three.png,sad,,,Cy,train',
      'cut.png,sad,,,Cy,train',
      'empty.mp4,sad,,,Cy,train',
      'gone.png,sad,,,Cy,train',
      'clip.mp4,happy,0,1,Cy,train',
      'clip.mp4,happy,1,2,Cy,train',
      'clip.mp4,happy,1,2,Cy,train',
    ].join('\n'),
    'one.png': one!,
    'one-again.png': one!,
    'two.png': two!,
    'two-tested.png': two!,
    'two-tested-again.png': two!,
    'three.png': three!,
    'cut.png': four!.subarray(0, four!.length - 30),
    'empty.mp4': '',
    'clip.mp4': 'two seconds',
  });
  return root;
}

it('counts, and finds copies, people in two splits, damage and missing files', async () => {
  const report = await checkDataset(await openDataset(`manifest:${await troubled()}`));
  expect([report.images, report.clips, report.splits]).toEqual([7, 4, ['train', 'test']]);
  expect(Object.fromEntries(report.classes.flatMap(({ label, samples }) => (Object.keys(samples).length > 0 ? [[label, samples]] : [])))).toEqual({
    happiness: { train: 5 },
    sadness: { train: 4 },
    anger: { test: 2 },
  });
  expect(report.subjects).toEqual({ train: 3, test: 1 });
  expect(report.subjectsAcrossSplits).toEqual([{ subject: 'Bob', splits: ['train', 'test'] }]);
  expect(report.duplicates).toEqual([
    { ids: ['one.png', 'one-again.png'], splits: ['train'], labels: ['happiness'] },
    { ids: ['two.png', 'two-tested.png', 'two-tested-again.png'], splits: ['train', 'test'], labels: ['sadness', 'anger'] },
    // The same video, but only two of the three stretches are the same.
    { ids: ['clip.mp4#2', 'clip.mp4#3'], splits: ['train'], labels: ['happiness'] },
  ]);
  expect(report.unreadableFiles?.map(({ path }) => path.split('/').at(-1))).toEqual(['cut.png', 'empty.mp4']);
  expect(report.problems.map(({ kind, line }) => [kind, line])).toEqual([['missing-file', 10]]);
});

it('drops training samples that are tested on, and later copies; never a test sample', async () => {
  const before = await openDataset(`manifest:${await troubled()}`);
  const { dataset, dropped } = await deduplicate(before);
  expect(dropped.map(({ sample, copyOf }) => [sample.id, copyOf.id])).toEqual([
    ['one-again.png', 'one.png'],
    ['two.png', 'two-tested.png'],
    ['clip.mp4#3', 'clip.mp4#2'],
  ]);
  expect(dataset.samples.filter(({ split }) => split === 'test')).toHaveLength(2);
  expect(dataset.samples).toHaveLength(before.samples.length - 3);
  // Nothing is left to drop.
  expect((await deduplicate(dataset)).dropped).toEqual([]);
});

it('prints a table, or JSON; ends with 1 when something cannot be read', async () => {
  const root = await troubled();
  const lines: string[] = [];
  const io = { write: (line: string) => void lines.push(line) };
  expect(await runDatasetCheck(`manifest:${root}`, {}, io)).toBe(1);
  const text = lines.join('\n');
  expect(text).toMatch(/^happiness +5 +0$/m);
  expect(text).toMatch(/^all +9 +2$/m);
  expect(text).toContain('exact duplicates: 2 spare copies within a split, 1 picture or clip in more than one split, 1 with differing labels');
  expect(text).toContain('two.png = two-tested.png');
  expect(text).toContain('1 in more than one split');
  expect(text).toContain('manifest.csv:10:');
  lines.length = 0;
  expect(await runDatasetCheck(`manifest:${root}`, { split: 'test', json: true, quick: true }, io)).toBe(0);
  expect(JSON.parse(lines.join('\n'))).toMatchObject({ name: 'manifest', splits: ['test'], images: 2, duplicates: null, unreadableFiles: null, problems: [] });
});

it('ends with 0 when all is well, and counts frames apart', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'manifest.jsonl': '{"path":"frames","frameLabels":["sad",null,"sad"]}\n{"path":"a.mp4","frameLabels":["happy"]}\n',
    'frames/1.png': await picture(1),
    'frames/2.png': await picture(2),
    'a.mp4': 'x',
  });
  const lines: string[] = [];
  expect(await runDatasetCheck(`manifest:${root}`, {}, { write: (line) => void lines.push(line) })).toBe(0);
  // Two labels "sad", but the second one's picture is not there.
  expect(lines.find((line) => line.startsWith('sadness'))).toMatch(/ 1$/);
  expect(lines.join('\n')).toContain('class (frames)');
});

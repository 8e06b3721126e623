import { expect, it } from 'vitest';
import { scratchDir } from '../../test/support/scratch.js';
import { picture, writeTroubledDataset } from '../../test/support/troubled-dataset.js';
import { writeTree } from '../../test/support/write-tree.js';
import { runDatasetCheck } from './dataset-check.js';

it('prints a table, or JSON; ends with 1 when something cannot be read', async () => {
  const root = await scratchDir();
  await writeTroubledDataset(root);
  const lines: string[] = [];
  const io = { write: (line: string) => void lines.push(line) };
  expect(await runDatasetCheck(`manifest:${root}`, {}, io)).toBe(1);
  const text = lines.join('\n');
  expect(text).toMatch(/^happiness +5 +0$/m);
  expect(text).toMatch(/^all +9 +2$/m);
  expect(text).toContain(
    'exact duplicates: 2 extra copies within a split, 1 picture or clip in more than one split, 1 with differing labels',
  );
  expect(text).toContain('two.png = two-tested.png');
  expect(text).toContain('1 in more than one split');
  expect(text).toContain('manifest.csv:10:');
  lines.length = 0;
  expect(await runDatasetCheck(`manifest:${root}`, { split: 'test', json: true, quick: true }, io)).toBe(0);
  expect(JSON.parse(lines.join('\n'))).toMatchObject({
    name: 'manifest',
    splits: ['test'],
    images: 2,
    duplicates: null,
    unreadableFiles: null,
    problems: [],
  });
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
  const drawn: string[] = [];
  const progress = { isTTY: true, columns: 200, write: (text: string) => void drawn.push(text) };
  expect(await runDatasetCheck(`manifest:${root}`, {}, { write: (line) => void lines.push(line), progress })).toBe(0);
  // Three files, each read twice; the bar is gone when the report comes.
  expect(drawn[0]).toMatch(/ 0% +0\/6/);
  expect(drawn.at(-1)).toBe('\r\u001b[K');
  // Two labels "sad", but the second one's picture is not there.
  expect(lines.find((line) => line.startsWith('sadness'))).toMatch(/ 1$/);
  expect(lines.join('\n')).toContain('class (frames)');
});

it('names words of a manifest that are not a known expression: they may be typing errors', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'manifest.csv': 'path,label\na.mp4,hapy\nb.mp4,Bored\nc.mp4,sad\n',
    'a.mp4': 'a',
    'b.mp4': 'b',
    'c.mp4': 'c',
  });
  const lines: string[] = [];
  const io = { write: (line: string) => void lines.push(line) };
  expect(await runDatasetCheck(`manifest:${root}`, {}, io)).toBe(0);
  expect(lines.join('\n')).toContain(
    'unknown labels (own classes or typing errors): hapy, bored (known: neutral, happiness',
  );
  lines.length = 0;
  await writeTree(root, { 'manifest.csv': 'path,label\nc.mp4,sad\n' });
  await runDatasetCheck(`manifest:${root}`, {}, io);
  expect(lines.join('\n')).not.toContain('slips');
});

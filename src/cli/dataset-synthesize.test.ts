import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../test/support/scratch.js';
import { writeTree } from '../../test/support/write-tree.js';
import { writeStills } from '../../test/support/stills-dataset.js';
import { openDataset } from '../train/data/formats/registry.js';
import { runDatasetSynthesize } from './dataset-synthesize.js';

const FLAGS = {
  style: 'dissolve' as const,
  clips: 5,
  validClips: 0,
  testClips: 2,
  frames: 10,
  size: 12,
  frameNoise: 0.1,
  balance: 1,
  seed: 1,
};

it('makes clips, shows progress, prints the result and how to read it', async () => {
  const root = await scratchDir();
  await writeStills(root);
  const output = join(root, 'clips');
  const lines: string[] = [];
  const drawn: string[] = [];
  const flags = { ...FLAGS, output };
  const io = {
    write: (line: string) => void lines.push(line),
    progress: { isTTY: true, columns: 200, write: (text: string) => void drawn.push(text) },
  };
  expect(await runDatasetSynthesize(`manifest:${root}`, flags, io)).toBe(0);
  const text = lines.join('\n');
  expect(text).toMatch(/^train +5 +50 +5 /m);
  expect(text).toMatch(/^test +2 +20 +0 /m);
  expect(text).not.toMatch(/^valid/m);
  expect(text).toContain(
    '1 copies among the training images not used; test clips show images of the official split "valid"',
  );
  expect(text).toContain(`manifest:${output}/manifest.true.jsonl`);
  expect(drawn[0]).toBe('reading the images of manifest\n');
  expect(drawn[1]).toMatch(/clips from manifest .*0\/7$/);
  expect(drawn.at(-1)).toBe('\r\u001b[K');
  expect((await openDataset(`manifest:${output}`)).samples).toHaveLength(7);
});

it('translates class words with --labels, and refuses options that the data set does not take', async () => {
  const root = await scratchDir();
  await writeStills(root);
  await writeTree(root, { 'words.txt': 'happy = neutral\nsad = sadness\nangry = anger\n' });
  const output = join(root, 'clips');
  const io = { write: () => undefined, progress: { isTTY: false, columns: 80, write: () => undefined } };
  expect(
    await runDatasetSynthesize(`manifest:${root}`, { ...FLAGS, output, labels: join(root, 'words.txt') }, io),
  ).toBe(0);
  const clips = await readFile(join(output, 'manifest.true.jsonl'), 'utf8');
  expect(clips).toContain('neutral');
  expect(clips).not.toContain('happiness');
  await expect(runDatasetSynthesize(`manifest:${root}`, { ...FLAGS, output, fold: 2 }, io)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

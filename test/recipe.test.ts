import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { runFer, startFer } from './support/run-fer.js';
import type { FerRun } from './support/run-fer.js';
import { scratchDir } from './support/scratch.js';
import { writeStriped } from './support/striped-dataset.js';

const dir = await scratchDir();
const data = `manifest:${join(dir, 'pictures')}`;
const config = { data: '@data', network: { size: 16, width: 4 }, batchSize: 12, epochs: 3, augment: { padding: 1 } };

/** A recipe file in a folder of its own, as models are published beside it. */
async function recipeIn(name: string, stages: object[]): Promise<string> {
  await writeFile(join(dir, `${name}.json`), JSON.stringify({ stages: [...stages, { name: 'out', kind: 'publish', model: '@second/best', to: `${name}-model` }] }));
  return join(dir, `${name}.json`);
}

const STAGES = [
  { name: 'first', kind: 'train', preset: 'ce', config },
  { name: 'second', kind: 'train', config: { ...config, method: { name: 'nla' }, init: '@first/best' } },
];
const command = (file: string, folder: string): string[] => ['recipe', file, '--data', data, '-o', join(dir, folder), '--backend', 'wasm'];

let whole: FerRun;

beforeAll(async () => {
  await writeStriped(join(dir, 'pictures'));
  whole = await runFer(command(await recipeIn('whole', STAGES), 'whole'));
});

it('says what it does, stage by stage, and publishes beside the recipe', async () => {
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stdout).toMatch(/first: train\n[^]*epoch 3\/3[^]*second: train\n[^]*epoch 3\/3[^]*out: publish\n/);
  expect((await readdir(join(dir, 'whole-model'))).sort()).toEqual(['ferstream.json', 'model.json', 'weights.bin']);
});

it('killed and run again, makes the same model', async () => {
  const args = command(await recipeIn('killed', STAGES), 'killed');
  const fer = startFer(args);
  await fer.printed('second: train');
  fer.child.kill('SIGKILL');
  await fer.ended;
  const last = await runFer(args);
  expect(last.code).toBe(0);
  expect(last.stdout).toContain('first: done before');
  expect(await readFile(join(dir, 'killed-model', 'weights.bin'))).toEqual(await readFile(join(dir, 'whole-model', 'weights.bin')));
});

it('--check reads the file and runs nothing', async () => {
  const file = await recipeIn('checked', STAGES);
  expect(await runFer(['recipe', file, '--check', '-o', join(dir, 'checked')])).toMatchObject({ code: 0, stdout: 'first: train\nsecond: train\nout: publish\n' });
  expect((await readdir(dir)).filter((name) => name === 'checked')).toEqual([]);
});

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

/** A recipe file in its own folder, as models are published beside it. */
async function recipeIn(name: string, stages: object[]): Promise<string> {
  await writeFile(
    join(dir, `${name}.json`),
    JSON.stringify({
      stages: [...stages, { name: 'out', kind: 'publish', model: '@second/best', to: `${name}-model` }],
    }),
  );
  return join(dir, `${name}.json`);
}

const STAGES = [
  { name: 'first', kind: 'train', preset: 'ce', config },
  { name: 'second', kind: 'train', config: { ...config, method: { name: 'nla' }, init: '@first/best' } },
];
const command = (file: string, folder: string): string[] => [
  'recipe',
  file,
  '--data',
  data,
  '-o',
  join(dir, folder),
  '--backend',
  'wasm',
];

let whole: FerRun;

beforeAll(async () => {
  await writeStriped(join(dir, 'pictures'));
  whole = await runFer(command(await recipeIn('whole', STAGES), 'whole'));
});

it('prints each stage, and publishes next to the recipe', async () => {
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
  expect(await readFile(join(dir, 'killed-model', 'weights.bin'))).toEqual(
    await readFile(join(dir, 'whole-model', 'weights.bin')),
  );
});

it('killed in stage after stage, from crops to clips, makes the same model', async () => {
  const network = { size: 16, width: 4 };
  const wholeWay = [
    { name: 'crops', kind: 'prepare', data: '@data', size: 16 },
    {
      name: 'first',
      kind: 'train',
      preset: 'ce',
      // Drawn pictures show no face.
      config: { ...config, data: '@crops', noFace: 'whole', network, mixup: {}, emaDecay: 0.9 },
    },
    {
      name: 'pictures',
      kind: 'synthesize',
      data: '@crops',
      clips: 6,
      validClips: 2,
      testClips: 0,
      frames: 8,
      size: 16,
    },
    {
      name: 'second',
      kind: 'train',
      preset: 'v-naw',
      config: {
        data: '@pictures',
        epochs: 2,
        batchSize: 2,
        network: { encoder: '@first/best', frames: 8, width: 8, layers: 1, feedForward: 8 },
      },
    },
  ];
  const weights = (name: string): Promise<Buffer[]> =>
    Promise.all(['frame', 'temporal'].map((part) => readFile(join(dir, `${name}-model`, part, 'weights.bin'))));
  expect(await runFer(command(await recipeIn('clips', wholeWay), 'clips'))).toMatchObject({ code: 0 });
  const args = command(await recipeIn('clips-killed', wholeWay), 'clips-killed');
  for (const moment of ['crops: prepare', 'epoch 1/3', 'pictures: synthesize', 'epoch 1/2']) {
    const fer = startFer(args);
    await fer.printed(moment);
    fer.child.kill('SIGKILL');
    await fer.ended;
  }
  expect(await runFer(args)).toMatchObject({ code: 0 });
  expect(await weights('clips-killed')).toEqual(await weights('clips'));
}, 240_000);

it('--check reads the file and runs nothing', async () => {
  const file = await recipeIn('checked', STAGES);
  expect(await runFer(['recipe', file, '--check', '-o', join(dir, 'checked')])).toMatchObject({
    code: 0,
    stdout: 'first: train\nsecond: train\nout: publish\n',
  });
  expect((await readdir(dir)).filter((name) => name === 'checked')).toEqual([]);
});

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { callFer } from './support/call-fer.js';
import { rememberNetworks } from './support/remembered-networks.js';
import { startFer } from './support/run-fer.js';
import type { FerRun } from './support/run-fer.js';
import { scratchDir } from './support/scratch.js';
import { writeFaces } from './support/face-tree.js';

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

const network = { size: 16, width: 4 };
const STAGES = [
  { name: 'crops', kind: 'prepare', data: '@data', size: 16 },
  {
    name: 'first',
    kind: 'train',
    preset: 'ce',
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
const weights = (name: string): Promise<Buffer[]> =>
  Promise.all(['frame', 'temporal'].map((part) => readFile(join(dir, `${name}-model`, part, 'weights.bin'))));

let whole: FerRun;

beforeAll(async () => {
  rememberNetworks();
  await writeFaces(join(dir, 'pictures'));
  whole = await callFer(command(await recipeIn('whole', STAGES), 'whole'));
}, 240_000);

it('says what it does, stage by stage, and publishes beside the recipe', async () => {
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stdout).toMatch(
    /crops: prepare\n[^]*first: train\n[^]*epoch 3\/3[^]*pictures: synthesize\n[^]*second: train\n[^]*epoch 2\/2[^]*out: publish\n/,
  );
  for (const part of ['frame', 'temporal'])
    expect((await readdir(join(dir, 'whole-model', part))).sort()).toEqual([
      'ferstream.json',
      'model.json',
      'weights.bin',
    ]);
});

it('killed in stage after stage, from crops to clips, makes the same model', async () => {
  const args = command(await recipeIn('killed', STAGES), 'killed');
  for (const moment of ['crops: prepare', 'epoch 1/3', 'pictures: synthesize', 'epoch 1/2']) {
    const fer = startFer(args);
    await fer.printed(moment);
    fer.child.kill('SIGKILL');
    await fer.ended;
  }
  const last = await callFer(args);
  expect(last).toMatchObject({ code: 0 });
  expect(last.stdout).toContain('first: done before');
  expect(await weights('killed')).toEqual(await weights('whole'));
}, 240_000);

it('--check reads the file and runs nothing', async () => {
  const file = await recipeIn('checked', STAGES);
  expect(await callFer(['recipe', file, '--check', '-o', join(dir, 'checked')])).toMatchObject({
    code: 0,
    stdout: 'crops: prepare\nfirst: train\npictures: synthesize\nsecond: train\nout: publish\n',
  });
  expect((await readdir(dir)).filter((name) => name === 'checked')).toEqual([]);
});

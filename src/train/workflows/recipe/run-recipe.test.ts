import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../../../model/tfjs.js';
import { beforeAll, expect, it } from 'vitest';
import { rememberNetworks } from '../../../../test/support/remembered-networks.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { writeFaces } from '../../../../test/support/face-tree.js';
import { PATTERNS } from '../../../../test/support/striped-pictures.js';
import { openBackend } from '../../../model/engines/open-backend.js';
import { readCheckpointInfo } from '../../../model/checkpoint/checkpoint.js';
import { modelFolderHash } from '../../../model/heads/model-folder.js';
import { TrainedModel } from '../../../model/heads/trained-model.js';
import { parseRecipe } from './recipe.js';
import type { Recipe } from './recipe.js';
import { runRecipe } from './run-recipe.js';
import type { RecipeOptions } from './run-stage.js';

const dir = await scratchDir();
const data = `manifest:${join(dir, 'pictures')}`;

const tiny = {
  network: { size: 16, width: 4 },
  batchSize: 12,
  epochs: 2,
  emaDecay: 0.9,
  augment: { padding: 1, affine: {} },
};
const temporal = { encoder: '@mean', frames: 8, width: 8, layers: 1, feedForward: 8 };

/** All kinds of stages, as small as can be. */
function recipe({ epochs = 2, rate = 0.01 } = {}): Recipe {
  return parseRecipe({
    stages: [
      { name: 'crops', kind: 'prepare', data: '@data', size: 16 },
      {
        name: 'small',
        kind: 'train',
        preset: 'ce',
        config: {
          ...tiny,
          data: '@crops',
          noFace: 'whole',
          network: { size: 8, width: 4 },
          mixup: {},
          optimizer: { lr: rate },
        },
      },
      {
        name: 'frames',
        kind: 'train',
        config: { ...tiny, data: '@crops', noFace: 'whole', method: { name: 'nla' }, init: '@small/best', epochs },
      },
      { name: 'mean', kind: 'average', models: ['@frames/best', '@frames/last'] },
      {
        name: 'pictures',
        kind: 'synthesize',
        data: '@crops',
        clips: 4,
        validClips: 2,
        testClips: 0,
        frames: 8,
        size: 16,
      },
      {
        name: 'clips',
        kind: 'train',
        preset: 'v-naw',
        config: { data: '@pictures', epochs: 1, batchSize: 4, network: temporal },
      },
      { name: 'calibrated', kind: 'calibrate', model: '@clips/best', data: '@pictures', split: 'valid' },
      { name: 'out', kind: 'publish', model: '@calibrated', to: 'model' },
    ],
  });
}

const whole = join(dir, 'whole');

/** Runs into a folder, publishes next to it. */
async function run(
  folder: string,
  wanted = recipe(),
  more: RecipeOptions = {},
): Promise<{ isComplete: boolean; lines: string[] }> {
  const lines: string[] = [];
  const isComplete = await runRecipe(wanted, folder, {
    data: [data],
    root: `${folder}-published`,
    onMessage: (line) => lines.push(line),
    ...more,
  });
  return { isComplete, lines };
}

const published = (folder: string): string => join(`${folder}-published`, 'model');
const stages = (lines: readonly string[], end: string): string[] =>
  lines.filter((line) => line.endsWith(end)).map((line) => line.split(':')[0]!);
const ALL = recipe().stages.map(({ name }) => name);

let first: { isComplete: boolean; lines: string[] };
let tensors: readonly [number, number];

beforeAll(async () => {
  rememberNetworks();
  await openBackend();
  await writeFaces(join(dir, 'pictures'));
  const before = tf.memory().numTensors;
  first = await run(whole);
  tensors = [before, tf.memory().numTensors];
}, 180_000);

it('leads from pictures to a model that can be used', async () => {
  expect(first.isComplete).toBe(true);
  for (const { name, kind } of recipe().stages) expect(first.lines).toContain(`${name}: ${kind}`);
  const model = await TrainedModel.load(published(whole));
  expect(model.labels.labels).toEqual((await readCheckpointInfo(join(whole, 'frames', 'best'))).labelSet.labels);
  expect([...model.labels.labels].sort()).toEqual([...PATTERNS].sort());
  model.dispose();
  // In half precision, with the temperature of the stage before.
  const [kept, sent] = await Promise.all(
    [join(whole, 'calibrated'), published(whole)].map((folder) => readCheckpointInfo(join(folder, 'temporal'))),
  );
  expect({ ...sent, recipe: null, files: null }).toEqual({ ...kept, recipe: null, files: null });
  // Of places there are names, and none of this machine.
  expect(sent!.recipe).toMatchObject({ config: { data: 'manifest:pictures', network: { encoder: 'mean' } } });
  const frame = await readCheckpointInfo(join(published(whole), 'frame'));
  const trained = { config: { data: 'prepared:crops', init: 'small/best' } };
  expect(frame.recipe).toMatchObject({ ...trained, averagedWith: [trained] });
  expect(JSON.stringify([sent, frame])).not.toContain(dir);
  const bytes = async (folder: string): Promise<number> => (await stat(join(folder, 'frame', 'weights.bin'))).size;
  expect(await bytes(published(whole))).toBeLessThan(0.6 * (await bytes(join(whole, 'calibrated'))));
});

it('begins trainings from earlier ones, at another size', async () => {
  const config = JSON.parse(await readFile(join(whole, 'frames', 'config.json'), 'utf8')) as unknown;
  expect(config).toMatchObject({ init: join(whole, 'small', 'best'), data: `prepared:${join(whole, 'crops')}` });
  expect((await readCheckpointInfo(join(whole, 'small', 'best'))).crop.size).toBe(8);
  expect(first.lines.some((line) => /weights taken over/.test(line))).toBe(true);
});

it('does nothing a second time', async () => {
  const again = await run(whole);
  expect(stages(again.lines, 'done before')).toEqual(ALL);
  expect(again.lines).toHaveLength(ALL.length);
});

it('stopped during a training, ends with the same model', async () => {
  const folder = join(dir, 'stopped');
  const stop = new AbortController();
  const begun = await run(folder, recipe(), {
    signal: stop.signal,
    onEpoch: () => {
      stop.abort();
    },
  });
  expect(begun.isComplete).toBe(false);
  const rest = await run(folder);
  expect(rest.isComplete).toBe(true);
  expect(stages(rest.lines, 'done before')).toEqual(['crops']);
  expect(await weights(published(folder))).toEqual(await weights(published(whole)));
});

it('stopped during clips and moved elsewhere, resumes there', async () => {
  const [folder, moved] = [join(dir, 'here'), join(dir, 'there')];
  const stop = new AbortController();
  let clipsBegun = false;
  const begun = await run(folder, recipe(), {
    signal: stop.signal,
    onMessage: (line) => {
      clipsBegun ||= line === 'clips: train';
    },
    onEpoch: () => {
      if (clipsBegun) stop.abort();
    },
  });
  expect(begun.isComplete).toBe(false);
  await rename(folder, moved);
  expect((await run(moved)).isComplete).toBe(true);
  expect(await weights(published(moved))).toEqual(await weights(published(whole)));
});

it('refuses a change of finished stages, and names it', async () => {
  const before = await modelFolderHash(published(whole));
  await expect(run(whole, recipe({ rate: 0.02 }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(
      /stage "small" was finished with other settings \(config\.optimizer\.lr: 0\.01, now 0\.02\)/,
    ) as string,
  });
  await expect(run(whole, recipe({ epochs: 3 }))).rejects.toThrow(
    /stage "frames" was finished with other settings \(config\.epochs: 2, now 3\)/,
  );
  await rm(join(whole, 'frames'), { recursive: true });
  await expect(run(whole, recipe({ epochs: 3 }))).rejects.toThrow(
    /stage "mean" was finished on an earlier stage.* that has changed since/,
  );
  expect(await modelFolderHash(published(whole))).toBe(before);
});

it('makes removed stages again', async () => {
  const { lines } = await run(whole);
  expect(stages(lines, 'done before')).toEqual(ALL.filter((name) => name !== 'frames'));
});

it('asks for the data set that it is made from', async () => {
  await expect(runRecipe(recipe(), join(dir, 'none'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/--data/) as string,
  });
});

it('leaves no tensor behind', () => {
  expect(tensors[1]).toBe(tensors[0]);
});

/** Of both networks; their descriptions name folders, which differ. */
async function weights(folder: string): Promise<Buffer[]> {
  return Promise.all(['frame', 'temporal'].map((part) => readFile(join(folder, part, 'weights.bin'))));
}

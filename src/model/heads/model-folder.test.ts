import { existsSync } from 'node:fs';
import { appendFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { saveTinyClipModel, saveTinyFrameModel } from '../../../test/support/tiny-models.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { openBackend } from '../engines/open-backend.js';
import { EXPRESSIONS_7, EXPRESSIONS_8 } from '../label-set.js';
import { FRAME_PART, SHIPPED_MODELS, TEMPORAL_PART, describeShipped, partOf, trainedPart } from './model-folder.js';
import { identifyModel, openModel } from './open-model.js';

it('finds the part of a model, that of its frame network elsewhere, and names the model where a run is given', async () => {
  const dir = await scratchDir();
  await writeTree(dir, {
    'frames/best/ferstream.json': '{}',
    'clips/best/frame/ferstream.json': '{}',
    'clips/best/temporal/ferstream.json': '{}',
  });
  const [frames, clips] = [join(dir, 'frames', 'best'), join(dir, 'clips', 'best')];
  expect(await partOf(frames, '.')).toBe(frames);
  expect(await partOf(frames, FRAME_PART)).toBe(frames);
  expect(await partOf(clips, FRAME_PART)).toBe(join(clips, 'frame'));
  expect(await partOf(clips, TEMPORAL_PART)).toBe(join(clips, 'temporal'));
  expect(await partOf(clips, '.')).toBe(join(clips, 'frame'));
  await expect(partOf(join(dir, 'clips'), FRAME_PART)).rejects.toMatchObject({
    code: 'WEIGHTS_MISSING',
    message: expect.stringContaining(`such as ${clips}`) as string,
  });
  await expect(partOf(dir, '.')).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
});

it('takes no other folder for the part of a model', async () => {
  const dir = await scratchDir();
  await writeTree(dir, { 'frames/best/ferstream.json': '{}', 'frames/typo/readme': '' });
  const [run, best] = [join(dir, 'frames'), join(dir, 'frames', 'best')];
  expect(await trainedPart(best, FRAME_PART)).toBe(best);
  expect(await trainedPart(join(best, FRAME_PART), FRAME_PART)).toBe(best);
  for (const [folder, named] of [
    [run, `such as ${best}`],
    [join(run, 'typo'), `model ${join(run, 'typo')}: it has no`],
    [join(best, 'typo'), `model ${join(best, 'typo')}: it has no`],
  ] as const)
    await expect(trainedPart(folder, FRAME_PART)).rejects.toMatchObject({
      code: 'WEIGHTS_MISSING',
      message: expect.stringContaining(named) as string,
    });
});

const models = await scratchDir();

describe('shipped models', () => {
  beforeAll(async () => {
    await openBackend();
  });

  it('are in the folder "models" of the package', () => {
    expect(basename(SHIPPED_MODELS)).toBe('models');
    expect(existsSync(join(dirname(SHIPPED_MODELS), 'package.json'))).toBe(true);
  });

  it('name the missing one and the alternatives', async () => {
    const missing = { code: 'WEIGHTS_MISSING', message: expect.stringMatching(/^model "default".*face-api/) as string };
    await expect(openModel('default', { models: join(models, 'none') })).rejects.toMatchObject(missing);
    await expect(identifyModel('default', join(models, 'none'))).rejects.toMatchObject(missing);
  });

  it('open by name, and are known by their content: a new version is another model', async () => {
    const folder = join(models, 'default');
    await saveTinyFrameModel(folder, EXPRESSIONS_8);
    const model = await openModel('default', { models });
    expect(model.labels.labels).toEqual(EXPRESSIONS_8.labels);
    const first = await identifyModel('default', models);
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(model).toMatchObject({ name: 'default', version: first });
    expect(await identifyModel(folder)).toBe(first);
    model.dispose();

    const bytes = await Promise.all(
      ['ferstream.json', 'model.json', 'weights.bin'].map(async (file) => (await stat(join(folder, file))).size),
    );
    expect(await describeShipped('default', models)).toEqual({
      folder,
      hash: first,
      bytes: bytes.reduce((a, b) => a + b),
    });

    await appendFile(join(folder, 'ferstream.json'), ' ');
    expect(await identifyModel('default', models)).not.toBe(first);
  });

  it('may look at frames over time', async () => {
    const other = join(models, 'over-time');
    await saveTinyClipModel(join(other, 'default'), EXPRESSIONS_7, { clipFrames: 10 });
    const model = await openModel('default', { models: other });
    expect(model.context).toEqual({ past: 2, future: 3, hop: 5 });
    expect(model.name).toBe('default');
    model.dispose();
  });
});

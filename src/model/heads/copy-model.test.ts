import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { saveTinyClipModel, saveTinyFrameModel } from '../../../test/support/tiny-models.js';
import { readCheckpointInfo } from '../checkpoint/checkpoint.js';
import { openBackend } from '../engines/open-backend.js';
import { EXPRESSIONS_7 } from '../label-set.js';
import { copyModel, withoutPlaces, writeTemperature } from './copy-model.js';
import { exportModel } from './export-model.js';
import { findModelFolder, modelFolderHash } from './model-folder.js';

describe('a copy of a model', async () => {
  const dir = await scratchDir();
  const [frames, clips] = [join(dir, 'frames'), join(dir, 'clips')];

  beforeAll(async () => {
    await openBackend({ backend: 'wasm' });
    await saveTinyFrameModel(frames, EXPRESSIONS_7);
    await saveTinyClipModel(clips, EXPRESSIONS_7);
  });

  it('has the same hash, replaces another model whole, and gets its own temperature', async () => {
    const to = join(dir, 'copy');
    expect(await copyModel(clips, to)).toEqual([join(to, 'frame'), join(to, 'temporal')]);
    expect(await modelFolderHash(to)).toBe(await modelFolderHash(clips));
    expect(await exportModel(frames, to, { format: 'tfjs', version: '1' })).toEqual([to]);
    expect(await findModelFolder(to)).toEqual({ frame: to, temporal: null });
    await copyModel(clips, to, { temperature: 2 });
    expect(await readCheckpointInfo(join(to, 'temporal'))).toMatchObject({ temperature: 2 });
    await writeTemperature(to, 3);
    expect(await readCheckpointInfo(join(to, 'temporal'))).toMatchObject({ temperature: 3 });
    expect(await readCheckpointInfo(join(to, 'frame'))).not.toHaveProperty('temperature');
  });

  it('never replaces a folder with other content, nor one that the model is part of', async () => {
    const to = join(dir, 'taken');
    await copyModel(frames, to);
    await writeFile(join(to, 'frame.onnx'), '');
    for (const copy of [() => copyModel(clips, to), () => exportModel(clips, to, { format: 'tfjs', version: '1' })])
      await expect(copy()).rejects.toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
        message: expect.stringContaining('contains frame.onnx too') as string,
      });
    expect(await findModelFolder(to)).toEqual({ frame: to, temporal: null });
    await expect(copyModel(join(clips, 'frame'), clips)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(await findModelFolder(clips)).toMatchObject({ temporal: join(clips, 'temporal') });
  });
});

it.each([
  ['prepared:/home/someone/runs/crops', 'prepared:crops'],
  ['ferplus:../data/ferplus/', 'ferplus:ferplus'],
  ['/home/someone/runs/frames-48/best', 'frames-48/best'],
  ['runs/clips/last', 'clips/last'],
  ['C:\\Users\\someone\\audit.csv', 'audit.csv'],
  ['aff-wild2:D:\\sets\\aff', 'aff-wild2:aff'],
  ['v-naw', 'v-naw'],
  ['happiness', 'happiness'],
])('a published model says of %s only %s', (place, name) => {
  expect(withoutPlaces({ config: { exclude: { file: place }, epochs: 3, labels: [place], init: null } })).toEqual({
    config: { exclude: { file: name }, epochs: 3, labels: [name], init: null },
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { isRunFolder, readRowHistory } from './label-evidence.js';

const dir = await scratchDir();
const INDEX = { labels: ['neutral', 'happiness'], rows: ['a', 'b'], given: [0, 1] };

async function run(name: string, index: unknown, values: readonly number[], extra = 0): Promise<string> {
  const folder = join(dir, name);
  await mkdir(folder);
  await writeFile(join(folder, 'ambiguity.json'), typeof index === 'string' ? index : JSON.stringify(index));
  await writeFile(
    join(folder, 'ambiguity.f32'),
    Buffer.concat([Buffer.from(Float32Array.from(values).buffer), Buffer.alloc(extra)]),
  );
  return folder;
}

it('has the whole epochs of a run; one cut off is left', async () => {
  const folder = await run('good', INDEX, [0.5, 0.25, 0, NaN, NaN, NaN, 0.5, 0.5, 1, 1, 0, 1], 10);
  expect(await isRunFolder(folder)).toBe(true);
  expect(await readRowHistory(folder)).toEqual({
    ...INDEX,
    epochs: 2,
    values: Float32Array.of(0.5, 0.25, 0, NaN, NaN, NaN, 0.5, 0.5, 1, 1, 0, 1),
  });
});

it('says in one line what is wrong with a folder', async () => {
  expect(await isRunFolder(join(dir, 'nothing'))).toBe(false);
  await expect(readRowHistory(join(dir, 'nothing'))).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining('contains no training run with a finished epoch') as string,
  });
  await expect(readRowHistory(await run('begun', INDEX, []))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  for (const [name, index] of Object.entries({
    cut: '{"labels": [',
    shape: { labels: ['a'] },
    short: { ...INDEX, given: [0] },
    range: { ...INDEX, given: [0, 2] },
  })) {
    await expect(readRowHistory(await run(name, index, [1, 0, 0, 1, 0, 1])), name).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringMatching(/ambiguity\.json is damaged/) as string,
    });
  }
  await expect(readRowHistory(await run('classes', INDEX, [1, 0, 7, 1, 0, 1]))).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
  });
});

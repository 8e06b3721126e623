import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { clearLeftovers, dropEmptyRunFolder, makeRunFolder, runFolder, writeEpochRows } from './run-folder.js';

const dir = await scratchDir();

describe('a run folder', () => {
  it('is made, with those above it, and opened again', async () => {
    const path = join(dir, 'runs', 'first');
    await makeRunFolder(runFolder(path));
    await makeRunFolder(runFolder(path));
    expect(await readdir(path)).toEqual([]);
  });

  it('of a run that never began is taken away, and no other', async () => {
    const [empty, full] = [runFolder(join(dir, 'empty')), runFolder(join(dir, 'not-empty'))];
    for (const folder of [empty, full]) await makeRunFolder(folder);
    await writeFile(full.config, '{}');
    for (const folder of [empty, full]) await dropEmptyRunFolder(folder);
    expect(await readdir(dir)).toContain('not-empty');
    expect(await readdir(dir)).not.toContain('empty');
  });

  it('cannot be where there is a file', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(makeRunFolder(runFolder(join(dir, 'file', 'run')))).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });
});

describe('what killed writers left', () => {
  it('is cleared away, and nothing else', async () => {
    const folder = runFolder(join(dir, 'killed'));
    await makeRunFolder(folder);
    await mkdir(join(folder.path, '.last.tmp-G66zCi', 'old'), { recursive: true });
    await mkdir(folder.last);
    for (const name of ['.config.json.tmp', 'state.bin', '.notes', 'mine.tmp', '.nfs.tmpfile'])
      await writeFile(join(folder.path, name), '');
    await clearLeftovers(folder);
    expect((await readdir(folder.path)).sort()).toEqual(['.nfs.tmpfile', '.notes', 'last', 'mine.tmp', 'state.bin']);
  });
});

describe('the tables of all epochs in one file', () => {
  const read = async (path: string): Promise<number[]> => [
    ...new Float32Array(Uint8Array.from(await readFile(path)).buffer),
  ];

  it('follow one another', async () => {
    const path = join(dir, 'rows.f32');
    for (const epoch of [1, 2, 3]) await writeEpochRows(path, epoch, Float32Array.of(epoch, NaN, -epoch));
    expect(await read(path)).toEqual([1, NaN, -1, 2, NaN, -2, 3, NaN, -3]);
  });

  it('an epoch done again replaces itself and all later ones', async () => {
    const path = join(dir, 'again.f32');
    for (const epoch of [1, 2, 3]) await writeEpochRows(path, epoch, Float32Array.of(epoch, epoch));
    await writeEpochRows(path, 2, Float32Array.of(7, 8));
    expect(await read(path)).toEqual([1, 1, 7, 8]);
    await writeEpochRows(path, 1, Float32Array.of(9, 9));
    expect(await read(path)).toEqual([9, 9]);
  });

  it('that cannot be written are said so', async () => {
    await expect(writeEpochRows(join(dir, 'none', 'rows.f32'), 1, Float32Array.of(1))).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });
});

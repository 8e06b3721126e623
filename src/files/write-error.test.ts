import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/output/support/media.js';
import { makeFolder, makeOutputFolder } from './write-error.js';

describe('makeFolder', () => {
  it('creates missing folders and accepts existing ones', async () => {
    const path = join(temporaryFolder(), 'a', 'b', 'c');
    await makeFolder(path);
    await makeFolder(path);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('may be asked by several at once for folders below the same missing ones', async () => {
    const root = temporaryFolder();
    for (let round = 0; round < 300; round += 1) {
      const paths = Array.from({ length: 8 }, (_, i) => join(root, `${round}`, 'b', 'c', `${i}`));
      await expect(Promise.all(paths.map(makeFolder))).resolves.toEqual(paths.map(() => true));
    }
  });

  it('gives up where a file is in the way', async () => {
    const file = join(temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(process.platform === 'linux')('throws where the file system is read-only', async () => {
    await expect(makeFolder('/proc/ferstream/out')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('makeOutputFolder', () => {
  it('leaves nothing in a folder that can be written', async () => {
    const path = join(temporaryFolder(), 'out');
    await makeOutputFolder(path);
    expect(await readdir(path)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'refuses a folder that exists but cannot be written, also for root',
    async () => {
      await expect(makeOutputFolder('/proc/self')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    },
  );
});

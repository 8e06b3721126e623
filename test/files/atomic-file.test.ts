import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { AtomicFile } from '../../src/files/atomic-file.js';
import { processIdentity } from '../../src/files/process-identity.js';
import { replaceFolder } from '../../src/files/replace-folder.js';
import { temporaryFolder } from '../output/support/media.js';
import { builtFile } from '../support/built-file.js';

const CONTAINER = ['--pid', '--fork', '--mount-proc'];
const canUnshare = spawnSync('unshare', [...CONTAINER, 'true']).status === 0;

describe('AtomicFile', () => {
  it('appears complete, and only when committed', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'out.txt');
    await writeFile(path, 'old');
    const file = await AtomicFile.open(path);
    const block = 'x'.repeat(1000);
    for (let index = 0; index < 300; index++) await file.write(block);
    expect(await readFile(path, 'utf8')).toBe('old');
    await file.prepare();
    expect(await readFile(path, 'utf8')).toBe('old');
    await file.commit();
    expect((await stat(path)).size).toBe(300_000);
    await file.abort();
    expect(await readdir(dir)).toEqual(['out.txt']);
  });

  it('writes as it goes, so that memory does not grow with the file', async () => {
    const dir = temporaryFolder();
    const file = await AtomicFile.open(join(dir, 'out.txt'));
    for (let index = 0; index < 300; index++) await file.write('x'.repeat(1000));
    const [temporary] = await readdir(dir);
    expect((await stat(join(dir, temporary!))).size).toBeGreaterThan(200_000);
    await file.abort();
  });

  it('leaves nothing after abort, whenever that comes', async () => {
    const dir = temporaryFolder();
    const opened = await AtomicFile.open(join(dir, 'a.txt'));
    const prepared = await AtomicFile.open(join(dir, 'b.txt'));
    await prepared.write('text');
    await prepared.prepare();
    expect(await readdir(dir)).toHaveLength(2);
    await Promise.all([opened.abort(), prepared.abort(), opened.abort()]);
    expect(await readdir(dir)).toEqual([]);
    await expect(opened.write('more')).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('removes what ended processes left for the same target, and nothing else', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'out.txt');
    const other = await AtomicFile.open(path);
    const [mine] = await readdir(dir);
    const { place, pid, start } = processIdentity();
    const keep = [
      mine!,
      '.out.txt.tmp-0123456789ab-1-77-0123456789ab', // another host's, not old
      '.out.txt.tmp-notes', // not ours
      `.out.txt2.tmp-${place}-999999-1-0123456789ab`, // another target's
    ];
    const gone = [
      `.out.txt.tmp-${place}-999999-1-0123456789ab`, // no such process
      `.out.txt.tmp-${place}-${pid}-${Number(start) - 1}-0123456789ab`, // an earlier process of our id
      '.out.txt.tmp-0123456789ab-1-77-ba9876543210', // another host's, untouched for days
    ];
    for (const name of [...keep.slice(1), ...gone.slice(0, 2)]) await writeFile(join(dir, name), '');
    await mkdir(join(dir, gone[2]!));
    const longAgo = new Date(Date.now() - 48 * 3600 * 1000);
    await utimes(join(dir, gone[2]!), longAgo, longAgo);

    const file = await AtomicFile.open(path);
    await file.abort();
    expect((await readdir(dir)).sort()).toEqual([...keep].sort());
    await other.abort();
  });

  it.runIf(canUnshare)('leaves alone what another container is writing, though both are process 1', async () => {
    const dir = temporaryFolder();
    const script = builtFile('test/files/support/slow-writer.ts');
    const writers = [1, 2].map(() => {
      const child = spawn('unshare', [...CONTAINER, process.execPath, script, join(dir, 'out.txt')]);
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    });
    for (const { lines } of writers) expect((await lines.next()).value).toBe('open');
    expect(await readdir(dir)).toHaveLength(2);
    for (const { child, lines } of writers) {
      child.stdin.end();
      expect((await lines.next()).value).toBe('committed');
    }
    expect(await readdir(dir)).toEqual(['out.txt']);
  });

  it('takes names as long as the file system does', async () => {
    const dir = temporaryFolder();
    const path = join(dir, `${'é'.repeat(125)}.txt`);
    const file = await AtomicFile.open(path);
    await file.prepare();
    await file.commit();
    expect(await readdir(dir)).toHaveLength(1);
  });
});

describe('replaceFolder', () => {
  const fill = (text: string) => async (folder: string) => writeFile(join(folder, 'marker'), text);

  it('puts back what a program killed between the two renames had moved aside', async () => {
    const dir = temporaryFolder();
    const { place } = processIdentity();
    const aside = join(dir, `.model.tmp-${place}-999999-1-0123456789ab`, 'old');
    await mkdir(aside, { recursive: true });
    await writeFile(join(aside, 'marker'), 'old');
    const replacing = replaceFolder(join(dir, 'model'), { marker: 'marker', replace: false }, fill('new'));
    await expect(replacing).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(await readFile(join(dir, 'model/marker'), 'utf8')).toBe('old');
    await replaceFolder(join(dir, 'model'), { marker: 'marker', replace: true }, fill('new'));
    expect(await readFile(join(dir, 'model/marker'), 'utf8')).toBe('new');
    expect(await readdir(dir)).toEqual(['model']);
  });

  it('leaves only the old folder when the work fails, and removes nothing else', async () => {
    const dir = temporaryFolder();
    const options = { marker: 'marker', replace: true };
    await replaceFolder(join(dir, 'model'), options, fill('old'));
    const failing = async (): Promise<void> => Promise.reject(new Error('stopped'));
    await expect(replaceFolder(join(dir, 'model'), options, failing)).rejects.toThrow('stopped');
    const broken = new TypeError('x is not a function');
    await expect(replaceFolder(join(dir, 'model'), options, async () => Promise.reject(broken))).rejects.toBe(broken);
    const unwritable = async (folder: string): Promise<void> => writeFile(join(folder, 'none/marker'), '');
    await expect(replaceFolder(join(dir, 'model'), options, unwritable)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
    await mkdir(join(dir, 'other'));
    await writeFile(join(dir, 'other/precious'), '');
    await writeFile(join(dir, 'file'), '');
    for (const taken of ['other', 'file']) {
      await expect(replaceFolder(join(dir, taken), options, fill('new'))).rejects.toThrow(
        /something else has that name/,
      );
    }
    expect((await readdir(dir)).sort()).toEqual(['file', 'model', 'other']);
    expect(await readFile(join(dir, 'model/marker'), 'utf8')).toBe('old');
  });
});

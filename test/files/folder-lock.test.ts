import type { ChildProcessByStdio } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isLockFile, withFolderLock } from '../../src/files/folder-lock.js';
import { builtFile } from '../support/built-file.js';

const root = mkdtempSync(join(tmpdir(), 'ferstream-lock-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Separate PID namespaces imitate two containers with one disk: both programs are process 1. */
const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc'];
const canUnshare = spawnSync(CONTAINER[0]!, [...CONTAINER.slice(1), 'true']).status === 0;

interface Holder {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  /** The next line it prints. */
  next(): Promise<string>;
}

function start(folder: string, { busy = false, container = false } = {}): Holder {
  const script = builtFile('test/files/support/lock-holder.ts');
  const [program, ...options] = [...(container ? CONTAINER : []), process.execPath, script, folder];
  const child = spawn(program, [...options, ...(busy ? ['busy'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, next: async () => String((await lines.next()).value) };
}

function newFolder(): string {
  return join(mkdtempSync(join(root, 'case-')), 'made', 'run');
}

const locksIn = async (folder: string): Promise<string[]> => (await readdir(folder)).filter(isLockFile);
const nothing = async (): Promise<void> => Promise.resolve();

describe('withFolderLock', () => {
  it('gives the folder to one of several processes that start together, and to the next one when it ends', async () => {
    const folder = newFolder();
    const holders = [1, 2, 3].map(() => start(folder));
    const words = await Promise.all(holders.map(async (holder) => holder.next()));
    expect(words.sort()).toEqual(['FOLDER_IN_USE', 'FOLDER_IN_USE', 'held']);
    await expect(withFolderLock(folder, 'fer train', nothing)).rejects.toMatchObject({
      code: 'FOLDER_IN_USE',
      message: expect.stringMatching(/run is in use by "fer test" \(process \d+ on .+, since .+\); wait/) as string,
    });
    for (const holder of holders) holder.process.stdin.end();
    await Promise.all(holders.map(async ({ process: child }) => child.exitCode ?? once(child, 'exit')));
    await withFolderLock(folder, 'fer train', async () => {
      expect(await locksIn(folder)).toHaveLength(1);
    });
    expect(await readdir(folder)).toEqual(['work']);
  });

  it('takes over at once from a process of this machine that was killed', async () => {
    const folder = newFolder();
    const holder = start(folder);
    expect(await holder.next()).toBe('held');
    holder.process.kill('SIGKILL');
    await once(holder.process, 'exit');
    expect(await locksIn(folder)).toHaveLength(1);
    await withFolderLock(folder, 'fer train', nothing);
    expect(await readdir(folder)).toEqual(['work']);
  });

  it.runIf(canUnshare)('holds between containers in which each program is process 1', async () => {
    const folder = newFolder();
    const first = start(folder, { container: true });
    expect(await first.next()).toBe('held');
    const second = start(folder, { container: true });
    expect(await second.next()).toBe('FOLDER_IN_USE');
    first.process.stdin.end();
    expect(await first.next()).toBe('released');
  });

  it('keeps giving signs of life while the main thread computes', async () => {
    const folder = newFolder();
    const holder = start(folder, { busy: true });
    expect(await holder.next()).toBe('held');
    const [lock] = await locksIn(folder);
    const beat = async (): Promise<number> =>
      (JSON.parse(await readFile(join(folder, lock!), 'utf8')) as { beat: number }).beat;
    await expect.poll(beat, { timeout: 120_000, interval: 200 }).toBeGreaterThanOrEqual(1);
    await writeFile(join(folder, 'enough'), '');
    holder.process.stdin.end();
    expect(await holder.next()).toBe('released');
  });

  it('takes over from another host that has been silent for long, and from a lock cut short', async () => {
    const folder = newFolder();
    await withFolderLock(folder, 'fer train', async () => writeFile(join(folder, 'work'), ''));
    const claim = { place: 'elsewhere', pid: 1, start: '1', token: '0'.repeat(16), held: true, beat: 7 };
    const silent = join(folder, `.ferstream-lock-${'0'.repeat(16)}`);
    const torn = join(folder, `.ferstream-lock-${'1'.repeat(16)}`);
    await writeFile(silent, JSON.stringify(claim));
    await writeFile(torn, '{"pl');
    const longAgo = new Date(Date.now() - 30_000);
    for (const path of [silent, torn]) await utimes(path, longAgo, longAgo);
    await withFolderLock(folder, 'fer train', nothing);
    expect(await readdir(folder)).toEqual(['work']);
  });

  it('tells its owner when another one has taken over', async () => {
    const folder = newFolder();
    const work = withFolderLock(folder, 'fer train', async ({ signal }) => {
      for (const lock of await locksIn(folder)) await rm(join(folder, lock));
      await once(signal, 'abort');
    });
    await expect(work).rejects.toMatchObject({ code: 'FOLDER_IN_USE' });
  });

  it('is taken once by work within work, not by two pieces of work of one process', async () => {
    const folder = newFolder();
    await withFolderLock(folder, 'fer recipe', async (outer) =>
      withFolderLock(folder, 'fer train', async (inner) => {
        // The loss of the outer lock stops the inner work too.
        expect(inner.signal).toBe(outer.signal);
        return Promise.resolve();
      }),
    );
    const both = await Promise.allSettled(
      [1, 2].map(async () => withFolderLock(folder, 'fer train', async () => delay(500))),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('removes a folder that it made and that stayed empty, and keeps the error of the work', async () => {
    const folder = newFolder();
    const failing = withFolderLock(folder, 'fer train', async () => Promise.reject(new Error('no data')));
    await expect(failing).rejects.toThrow('no data');
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('locks next to a folder that is replaced as a whole', async () => {
    const folder = newFolder();
    await withFolderLock(
      folder,
      'fer dataset synthesize',
      async () => {
        await expect(withFolderLock(folder, 'again', nothing, { beside: true })).resolves.toBeUndefined();
        await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
        expect(await locksIn(join(folder, '..'))).toHaveLength(1);
      },
      { beside: true },
    );
  });

  it.runIf(process.platform === 'linux')('refuses a folder that cannot be made', async () => {
    await expect(withFolderLock('/proc/ferstream/run', 'fer train', nothing)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });
});

import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { expandInputs } from '../../src/ingest/sources/expand-inputs.js';
import { temporaryFolder } from './support/clips.js';

describe('expandInputs', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    for (const path of [
      'day1/part10.mp4',
      'day1/part2.MP4',
      'day1/notes.txt',
      'day1/thumb.jpg',
      'day1/.trash.mp4',
      'day1/.cache/x.mp4',
      'day1/deep/er/clip.webm',
      'day1/frames/2.png',
      'day1/frames/10.png',
      'day2/part2.mp4',
      'odd[1].mp4',
      'odd1.mp4',
      'strange.bin',
      'texts/a.txt',
    ]) {
      await mkdir(join(at(path), '..'), { recursive: true });
      await writeFile(at(path), '');
    }
    await symlink(at('day1'), at('day1/deep/loop'));
    await symlink(at('nowhere'), at('day1/deep/dangling'));
  });

  async function found(...args: string[]): Promise<string[]> {
    const { inputs, failures } = await expandInputs(args);
    expect(failures).toEqual([]);
    return inputs.map((input) => `${input.kind} ${input.name.replace(folder, '.')}`);
  }

  it('searches a folder: footage in natural order, a folder of pictures as one, nothing hidden, no link twice', async () => {
    expect(await found(at('day1'))).toEqual([
      'file ./day1/deep/er/clip.webm',
      'images ./day1/frames',
      'file ./day1/part2.MP4',
      'file ./day1/part10.mp4',
    ]);
    expect((await expandInputs([at('day1')])).ignored).toEqual([
      { name: at('day1'), reason: 'one picture beside videos: to annotate pictures there, give their names' },
    ]);
  });

  it('takes a named file, whatever its name', async () => {
    expect(await found(at('strange.bin'))).toEqual(['file ./strange.bin']);
    expect(await found(at('day1/thumb.jpg'))).toEqual(['images ./day1/thumb.jpg']);
    expect(await found(at('day1/.trash.mp4'))).toEqual(['file ./day1/.trash.mp4']);
    expect(await found(pathToFileURL(at('odd1.mp4')).href)).toEqual(['file ./odd1.mp4']);
  });

  it('expands globs, unless a file is called so', async () => {
    expect(await found(at('day*/part*.{mp4,MP4}'))).toEqual([
      'file ./day1/part2.MP4',
      'file ./day1/part10.mp4',
      'file ./day2/part2.mp4',
    ]);
    expect(await found(at('day1/[fnpt]*'))).toEqual([
      'images ./day1/frames',
      'file ./day1/part2.MP4',
      'file ./day1/part10.mp4',
      'images ./day1/thumb.jpg',
    ]);
    expect(await found(at('odd[1].mp4'))).toEqual(['file ./odd[1].mp4']);
  });

  it('knows URLs and stdin', async () => {
    const { inputs: secret } = await expandInputs(['https://user:pass@example.org/a.mp4']);
    expect(secret).toEqual([
      { kind: 'url', path: 'https://user:pass@example.org/a.mp4', name: 'https://example.org/a.mp4' },
    ]);
    const { inputs } = await expandInputs(['https://example.org/a%20b.mp4?x=1', '-', '-']);
    expect(inputs).toEqual([
      { kind: 'url', path: 'https://example.org/a%20b.mp4?x=1', name: 'https://example.org/a%20b.mp4?x=1' },
      { kind: 'stdin', path: '-', name: '-' },
    ]);
  });

  it('takes every file once, however often it is named, and keeps the order of the arguments', async () => {
    expect(await found(at('day2'), at('day2/part2.mp4'), at('day*/part2*'), at('odd1.mp4'))).toEqual([
      'file ./day2/part2.mp4',
      'file ./day1/part2.MP4',
      'file ./odd1.mp4',
    ]);
  });

  it('reports each argument that gives nothing, and continues', async () => {
    const bad = [at('absent.mp4'), at('*.xyz'), at('texts'), 'rtsp://camera/1'];
    const { inputs, failures } = await expandInputs([...bad, at('odd1.mp4')]);
    expect(inputs).toHaveLength(1);
    expect(failures.map((failure) => failure.name)).toEqual(bad);
    for (const { name, error } of failures) {
      expect(error.code).toBe('INPUT_NOT_FOUND');
      expect(error.message).toContain(name);
    }
  });
});

describe('what is found but cannot be read is said, and the rest continues', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

  async function reasons(path: string): Promise<Record<string, string>> {
    const { inputs, failures } = await expandInputs([path]);
    expect(inputs.map(({ name }) => name.replace(folder, '.'))).toContain('./good.mp4');
    return Object.fromEntries(
      failures.map(({ name, error }) => [
        name.replace(`${folder}/`, ''),
        `${error.code} ${error.message.replace(`${name}: `, '')}`,
      ]),
    );
  }

  beforeAll(async () => {
    await writeFile(at('good.mp4'), '');
  });

  it('broken and circular links, if they are named like footage', async () => {
    await symlink(at('nowhere'), at('dangling.mp4'));
    await symlink(at('circle.mkv'), at('circle.mkv'));
    await symlink(at('nowhere'), at('dangling.txt'));
    expect(await reasons(folder)).toEqual({
      'circle.mkv': expect.stringMatching(/^INPUT_NOT_FOUND is a link that leads back to itself/) as string,
      'dangling.mp4': expect.stringMatching(/^INPUT_NOT_FOUND is a link to a file that does not exist/) as string,
    });
    for (const name of ['dangling.mp4', 'circle.mkv', 'dangling.txt']) await rm(at(name));
  });

  it.runIf(process.platform === 'linux')('names that are not UTF-8, of files and folders', async () => {
    const odd = (...parts: (string | number[])[]): Buffer =>
      Buffer.concat([Buffer.from(`${folder}/`), ...parts.map((part) => Buffer.from(part as string))]);
    await writeFile(odd('caf', [0xe9], '.mp4'), '');
    await mkdir(odd('f', [0xfc], 'r'));
    await writeFile(odd('n', [0xf6], 'te.txt'), '');
    const found = await reasons(folder);
    expect(Object.keys(found)).toHaveLength(2);
    for (const reason of Object.values(found)) expect(reason).toMatch(/^INPUT_UNREADABLE its name is not valid UTF-8/);
    await rm(odd('caf', [0xe9], '.mp4'));
    await rmdir(odd('f', [0xfc], 'r'));
    await rm(odd('n', [0xf6], 'te.txt'));
  });

  it.runIf(isRoot)('folders and files without permission', async () => {
    await chmod(folder, 0o755);
    await mkdir(at('lost+found'), { mode: 0o700 });
    await mkdir(at('secret.mp4'), { mode: 0o700 });
    process.seteuid!(65534);
    try {
      expect(await reasons(folder)).toEqual({
        'lost+found': expect.stringMatching(/^INPUT_UNREADABLE permission denied/) as string,
        'secret.mp4': expect.stringMatching(/^INPUT_UNREADABLE permission denied/) as string,
      });
    } finally {
      process.seteuid!(0);
    }
  });

  it.runIf(process.platform !== 'win32')('pipes that are called like footage', async () => {
    execFileSync('mkfifo', [at('pipe.mp4')]);
    expect(Object.values(await reasons(folder)).join()).toMatch(
      /INPUT_UNREADABLE is a pipe: give it as standard input/,
    );
    await rm(at('pipe.mp4'));
  });
});

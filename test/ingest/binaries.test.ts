import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findFfmpeg, findFfprobe } from '../../src/ingest/ffmpeg/binaries.js';
import { makeExecutable } from '../../src/ingest/ffmpeg/binaries.js';
import { temporaryFolder } from './support/clips.js';

const bundled = (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;

describe('findFfmpeg and findFfprobe', () => {
  const folder = temporaryFolder();
  const before = { ...process.env };
  afterEach(() => {
    for (const name of ['FFMPEG_PATH', 'FFPROBE_PATH', 'PATH']) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  });

  it('the variable comes first, and a wrong one is an error, not a reason to look elsewhere', async () => {
    process.env['FFMPEG_PATH'] = bundled;
    expect(await findFfmpeg()).toMatchObject({ path: bundled, origin: 'environment', frameSync: '-vsync' });
    process.env['FFMPEG_PATH'] = join(folder, 'absent');
    await expect(findFfmpeg()).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringContaining('FFMPEG_PATH') as string,
    });
    const notFfmpeg = join(folder, 'true');
    await writeFile(notFfmpeg, '#!/bin/sh\nexit 0\n');
    await chmod(notFfmpeg, 0o755);
    process.env['FFMPEG_PATH'] = notFfmpeg;
    await expect(findFfmpeg()).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });

  it('PATH comes next; what cannot be started there is passed over', async () => {
    Reflect.deleteProperty(process.env, 'FFMPEG_PATH');
    const [broken, good] = [join(folder, 'broken'), join(folder, 'good')];
    await mkdir(broken);
    await mkdir(good);
    await writeFile(join(broken, 'ffmpeg'), '#!/bin/sh\nexit 1\n');
    await chmod(join(broken, 'ffmpeg'), 0o755);
    await symlink(bundled, join(good, 'ffmpeg'));
    process.env['PATH'] = [join(folder, 'absent'), broken, good].join(delimiter);
    expect(await findFfmpeg()).toMatchObject({ path: join(good, 'ffmpeg'), origin: 'path' });
  });

  it.runIf(process.platform !== 'win32')(
    'a program that npm has unpacked without its mode is made executable',
    async () => {
      const path = join(folder, 'unpacked');
      await writeFile(path, '#!/bin/sh\n', { mode: 0o644 });
      await makeExecutable(path);
      expect((await stat(path)).mode & 0o111).toBe(0o111);
      await makeExecutable(join(folder, 'absent')); // finding out is left to the start
    },
  );

  it('the bundled ones come last', async () => {
    Reflect.deleteProperty(process.env, 'FFMPEG_PATH');
    Reflect.deleteProperty(process.env, 'FFPROBE_PATH');
    process.env['PATH'] = folder;
    const ffprobe = (createRequire(import.meta.url)('@ffprobe-installer/ffprobe') as { path: string }).path;
    expect(await findFfprobe()).toMatchObject({ path: ffprobe, origin: 'bundled' });
    const ffmpeg = await findFfmpeg();
    expect(ffmpeg).toMatchObject({ path: bundled, origin: 'bundled' });
    expect(ffmpeg.version).toMatch(/^\S+$/);
  });
});

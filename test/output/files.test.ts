import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FrameResult } from '../../src/stream/pipeline/frame-result.js';
import type { FormatName } from '../../src/stream/results/output-format.js';
import { readAnnotation } from '../../src/stream/results/read-annotation.js';
import { openWriters } from '../../src/stream/output/formats.js';
import { AtomicFile } from '../../src/files/atomic-file.js';
import { temporaryFolder } from './support/media.js';
import { GOOD, METADATA, face, frame } from './support/results.js';
import { builtFile } from '../support/built-file.js';

/** Each format that needs no video, and the file it makes of "clip". */
const FILES: Readonly<Record<Exclude<FormatName, 'overlay'>, string>> = {
  jsonl: 'clip.jsonl',
  csv: 'clip.csv',
  parquet: 'clip.parquet',
  segments: 'clip.segments.csv',
  'segments-parquet': 'clip.segments.parquet',
  summary: 'clip.summary.json',
  html: 'clip.report.html',
  vtt: 'clip.vtt',
  srt: 'clip.srt',
  ass: 'clip.ass',
  elan: 'clip.eaf',
  textgrid: 'clip.TextGrid',
};
const FILE_FORMATS = Object.keys(FILES);
const FILE_NAMES = Object.values(FILES).sort();
const CONTEXT = { sourcePath: null };

function clip(frames: number): FrameResult[] {
  return Array.from({ length: frames }, (_, index) => {
    const faces =
      index % 10 === 9
        ? []
        : [face(1, index % 40 < 20 ? 'happiness' : 'anger'), ...(index % 3 === 0 ? [face(2, 'fear')] : [])];
    return frame(index, index / 25, faces);
  });
}

describe('an output that cannot be written', () => {
  const unwritable = { code: 'OUTPUT_UNWRITABLE' };

  it('is refused with its name when its folder is a file', async () => {
    const dir = temporaryFolder();
    await writeFile(join(dir, 'file'), '');
    await expect(openWriters(['csv'], join(dir, 'file'), 'clip', METADATA, CONTEXT)).rejects.toMatchObject({
      ...unwritable,
      message: expect.stringMatching(/file: a file is in place of the folder/) as string,
    });
    await expect(openWriters(['csv'], join(dir, 'file', 'sub'), 'clip', METADATA, CONTEXT)).rejects.toMatchObject(
      unwritable,
    );
  });

  it('is refused at once when there is a folder of its name', async () => {
    const dir = temporaryFolder();
    await mkdir(join(dir, 'clip.csv'));
    await expect(openWriters(['jsonl', 'csv'], dir, 'clip', METADATA, CONTEXT)).rejects.toMatchObject({
      ...unwritable,
      message: expect.stringMatching(/clip\.csv: a folder has that name/) as string,
    });
    expect(await readdir(dir)).toEqual(['clip.csv']);
  });

  it.skipIf(process.platform !== 'linux')('is refused in a folder that takes no files', async () => {
    // chmod does not stop root; /proc stops all users.
    await expect(AtomicFile.open('/proc/self/clip.csv')).rejects.toMatchObject({
      ...unwritable,
      message: expect.stringMatching(/^cannot write \/proc\/self\/clip\.csv: /) as string,
    });
  });

  it('is refused with its name on a full disk, leaving nothing', async ({ skip }) => {
    const dir = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { stdio: 'pipe' });
    } catch (error) {
      console.warn(`SKIPPED: a full disk was not tried, a tiny tmpfs cannot be mounted here: ${String(error)}`);
      skip();
    }
    try {
      const writers = await openWriters(['csv', 'jsonl'], dir, 'clip', METADATA, CONTEXT);
      const writeAll = async (): Promise<void> => {
        for (const result of clip(1000)) await writers.write(result);
        await writers.finish(GOOD);
      };
      await expect(writeAll()).rejects.toMatchObject({
        ...unwritable,
        message: expect.stringMatching(/clip\.(jsonl|csv): the disk is full; free some space/) as string,
      });
      await writers.abort();
      expect(await readdir(dir)).toEqual([]);
    } finally {
      execFileSync('umount', [dir]);
    }
  });

  it('does not write through a link that is under the final name', async () => {
    const dir = temporaryFolder();
    await writeFile(join(dir, 'precious'), 'precious');
    await symlink(join(dir, 'precious'), join(dir, 'clip.csv'));
    const writers = await openWriters(['csv'], dir, 'clip', METADATA, CONTEXT);
    await writers.finish(GOOD);
    expect(await readFile(join(dir, 'precious'), 'utf8')).toBe('precious');
    expect(await readFile(join(dir, 'clip.csv'), 'utf8')).toMatch(/^frame,/);
  });
});

describe('openWriters', () => {
  it('writes every format of a thousand frames, all in step', async () => {
    const dir = join(temporaryFolder(), 'made', 'for it');
    const writers = await openWriters([...FILE_FORMATS, 'csv'], dir, 'clip', METADATA, CONTEXT);
    for (const result of clip(1000)) await writers.write(result);
    expect((await readdir(dir)).every((name) => name.startsWith('.'))).toBe(true);
    await writers.finish({ ...GOOD, frames: 1000 });
    expect((await readdir(dir)).sort()).toEqual(FILE_NAMES);
    expect(writers.paths).toEqual(Object.values(FILES).map((name) => join(dir, name)));

    let frames = 0;
    for await (const line of readAnnotation(join(dir, 'clip.jsonl'))) if (line.type === 'frame') frames++;
    expect(frames).toBe(1000);
    const rows = (await readFile(join(dir, 'clip.csv'), 'utf8')).trimEnd().split('\r\n').slice(1);
    expect(new Set(rows.map((row) => row.split(',')[0])).size).toBe(1000);
    expect(JSON.parse(await readFile(join(dir, 'clip.summary.json'), 'utf8'))).toMatchObject({
      frames: { total: 1000, withFaces: 900 },
    });
    await writers.abort();
    expect(await readdir(dir)).toHaveLength(FILE_FORMATS.length);
  });

  it('leaves former results alone until the new ones are complete', async () => {
    const dir = temporaryFolder();
    await writeFile(join(dir, 'clip.csv'), 'former');
    const writers = await openWriters(['csv', 'jsonl'], dir, 'clip', METADATA, CONTEXT);
    await writers.write(frame(0, 0, []));
    await writers.abort();
    expect(await readdir(dir)).toEqual(['clip.csv']);
    expect(await readFile(join(dir, 'clip.csv'), 'utf8')).toBe('former');
  });

  it('refuses an unknown format by naming the known ones', async () => {
    await expect(openWriters(['cvs'], temporaryFolder(), 'clip', METADATA, CONTEXT)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'unknown output format "cvs"; the formats are jsonl, csv, parquet, segments, segments-parquet, summary, html, vtt, srt, ass, elan, textgrid, overlay',
    });
  });

  it('leaves only temporaries when the process is killed in the middle, and the next run removes them', async () => {
    const dir = temporaryFolder();
    const child = spawn(process.execPath, [builtFile('test/output/support/killed-writer.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = await readdir(dir);
    expect(left).toHaveLength(6);
    for (const name of left) expect(name).toMatch(/^\.clip\..*\.tmp-/);

    const writers = await openWriters(FILE_FORMATS, dir, 'clip', METADATA, CONTEXT);
    await writers.finish(GOOD);
    expect((await readdir(dir)).sort()).toEqual(FILE_NAMES);
  });
});

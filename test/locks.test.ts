import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it, vi } from 'vitest';
import { isLockFile, withFolderLock } from '../src/files/folder-lock.js';
import { findFfmpeg } from '../src/ingest/ffmpeg/binaries.js';
import { callFer } from './support/call-fer.js';
import { runFer, startFer } from './support/run-fer.js';
import { scratchDir } from './support/scratch.js';
import { writeStriped } from './support/striped-dataset.js';

// Several command lines at a time, each of which loads an engine.
vi.setConfig({ testTimeout: 240_000 });

const dir = await scratchDir();
const data = join(dir, 'pictures');
const TINY = ['--set', 'network.size=16', 'network.width=4', 'augment.padding=1'];

const train = (folder: string, ...more: string[]): string[] => [
  ...['train', `manifest:${data}`, '--preset', 'nla', '--batch-size', '12', '--backend', 'wasm'],
  ...['-o', folder, ...more, ...TINY],
];

beforeAll(() => writeStriped(data));

it('of two trainings in one folder, one trains and the other is refused; a killed one is taken over', async () => {
  const folder = join(dir, 'run');
  const both = [1, 2].map(() => startFer(train(folder, '--epochs', '500')));
  // Whoever is refused ends; the other continues.
  const { run, other } = await Promise.race(
    both.map(async ({ ended }, i) => ({ run: await ended, other: both[1 - i]! })),
  );
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/run is in use by "fer train" \(process \d+ on /);
  await other.printed('epoch 1');
  other.child.kill('SIGKILL');
  await other.ended;
  expect((await readdir(folder)).filter(isLockFile)).toHaveLength(1);

  const resumed = startFer(train(folder, '--epochs', '500', '--resume'));
  await resumed.printed('epoch 2');
  resumed.child.kill('SIGINT');
  expect((await resumed.ended).code).toBe(130);
  expect((await readdir(folder)).filter(isLockFile)).toEqual([]);
});

it('a folder that another process has locked is refused to prepare', async () => {
  const folder = join(dir, 'prepared');
  const { code, stderr } = await withFolderLock(folder, 'fer train', () =>
    runFer(['dataset', 'prepare', `manifest:${data}`, '-o', folder, '--backend', 'wasm']),
  );
  expect(stderr).toMatch(/prepared is in use by "fer train" /);
  expect(code).toBe(1);
});

it.each(['FFMPEG_PATH', 'FFPROBE_PATH'])('ends with 3 where %s leads nowhere', async (variable) => {
  const clip = join(dir, 'clip.mkv');
  const source = ['-f', 'lavfi', '-i', 'testsrc=duration=0.2'];
  await promisify(execFile)((await findFfmpeg()).path, ['-v', 'error', ...source, '-c:v', 'mpeg4', '-y', clip]);
  const { code, stderr } = await callFer(['annotate', clip, '--model', 'face-api', '-o', join(dir, 'out')], {
    [variable]: '/nonexistent',
  });
  expect(stderr).toMatch(/=\/nonexistent cannot be started/);
  expect(code).toBe(3);
});

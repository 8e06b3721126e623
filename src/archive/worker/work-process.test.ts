import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WorkProcess } from './work-process.js';
import type { Work } from './work-process.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferstream-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('replaces a process that ended while it was idle', async () => {
  const path = join(folder, 'answers.mjs');
  await writeFile(path, `process.on('message', () => process.send({ type: 'done', value: process.pid }));`);
  const worker = new WorkProcess(undefined, pathToFileURL(path));
  const pid = async () => (await worker.run({ job: { name: 'a.mp4' } } as Work)) as unknown as number;
  try {
    const first = await pid();
    expect(await pid()).toBe(first);
    const { owner } = worker;
    process.kill(first, 'SIGKILL');
    while (worker.owner === owner) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await pid()).not.toBe(first);
  } finally {
    worker.end();
  }
});

it('fails at once where the system cannot start a process, and tries again with the next work', async () => {
  const path = join(folder, 'starts-later.mjs');
  await writeFile(path, `process.on('message', () => process.send({ type: 'done', value: 'here' }));`);
  const worker = new WorkProcess(undefined, pathToFileURL(path));
  const run = () => worker.run({ job: { name: 'a.mp4' } } as Work);
  const { execPath } = process;
  try {
    process.execPath = join(folder, 'no-program');
    await expect(run()).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    process.execPath = execPath;
    expect(await run()).toBe('here');
  } finally {
    process.execPath = execPath;
    worker.end();
  }
});

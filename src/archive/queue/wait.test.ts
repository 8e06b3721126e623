import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { JobList } from './wait.js';

it('keeps jobs in order, whatever their names', async () => {
  const jobs = await JobList.create();
  const names = Array.from({ length: 3000 }, (_, i) => `clip "${i}"\n\u00e4 ${'x'.repeat(50)}`);
  for (const [i, name] of names.entries()) await jobs.add(String(i), name);
  for (let turn = 0; turn < 2; turn += 1) {
    const read: string[] = [];
    for await (const [, name] of jobs.read()) read.push(name);
    expect(read).toEqual(names);
  }
  await jobs.remove();
});

it('rejects when the disk is full, also between two jobs, and does not end the process', async () => {
  const program = `
    const { JobList } = await import(${JSON.stringify(new URL('./wait.ts', import.meta.url).href)});
    const jobs = await JobList.create();
    try {
      for (let i = 0; i < 1000; i += 1) {
        await jobs.add(String(i), 'x'.repeat(300));
        if (i % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for await (const _ of jobs.read());
    } catch (error) {
      console.log(error.code);
    }
    await jobs.remove();`;
  // A limit on the size of files stands for the full disk.
  const shell = `trap '' XFSZ; ulimit -f 100; exec "$0" --import tsx --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', shell, process.execPath, program], {
    env: { ...process.env, TMPDIR: await scratchDir() },
  });
  expect(stdout).toBe('OUTPUT_UNWRITABLE\n');
});

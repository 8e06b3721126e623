import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openQueue } from '../../src/archive/queue/redis-connection.js';
import { submitCells } from '../../src/archive/queue/submit-cells.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/archive-worker.js';
import { parseGrid } from '../../src/train/workflows/experiment/grid.js';
import { temporaryFolder } from '../ingest/support/clips.js';
import { runFer } from '../support/run-fer.js';
import { writeStriped } from '../support/striped-dataset.js';
import { STUB } from './support/archive.js';
import { HAS_REDIS, TestRedis } from './support/redis.js';

if (!HAS_REDIS) console.warn('SKIPPED: experiments over the queue need redis-server (apt-get install redis-server)');

describe.skipIf(!HAS_REDIS)('fer experiment --queue', { timeout: 300_000 }, () => {
  const folder = temporaryFolder();

  it('runs every cell as a job, once, with the results of a local run', async () => {
    const data = join(folder, 'pictures');
    await writeStriped(data);
    const base = { data: `manifest:${data}`, epochs: 1, batchSize: 12, network: { size: 16, width: 4 }, selectBy: 'loss' }; // prettier-ignore
    const grid = { base, methods: { CE: { method: { name: 'ce' } }, NLA: { method: { name: 'nla' } } }, conditions: { clean: {} }, seeds: [1] }; // prettier-ignore
    const file = join(folder, 'grid.json');
    await writeFile(file, JSON.stringify(grid));
    const redis = await TestRedis.start(folder);
    const archive = await openQueue(redis.address, () => undefined);
    const events: WorkerEvent[] = [];
    const options = { concurrency: 1, backend: 'wasm', processModule: STUB };
    const worker = await ArchiveWorker.start(archive, redis.address, { ...options, onEvent: (event) => events.push(event) }); // prettier-ignore
    try {
      const output = join(folder, 'queued');
      const queued = await runFer(['experiment', file, '-o', output, '--queue', redis.address, '--wait']);
      expect(queued.stdout).toContain('submitted 2 runs');
      expect(queued.code).toBe(0);
      const done = events.flatMap((event) => (event.event === 'job-done' ? [event.input] : []));
      expect(done.sort()).toEqual(['CE/clean/seed-1', 'NLA/clean/seed-1']);
      const local = join(folder, 'local');
      await mkdir(local);
      expect((await runFer(['experiment', file, '-o', local, '--backend', 'wasm'])).code).toBe(0);
      expect(await readFile(join(output, 'table.md'), 'utf8')).toBe(await readFile(join(local, 'table.md'), 'utf8'));
      expect(await submitCells(archive, parseGrid(grid), output)).toEqual({ added: 0, known: 2 });
      const relative = parseGrid({ ...grid, base: { ...base, data: 'manifest:pictures' } });
      await expect(submitCells(archive, relative, output)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    } finally {
      await worker.close(100);
      await archive.close();
      await redis.kill();
    }
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openQueue } from '../../src/archive/queue/redis-connection.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/worker-event.js';
import { exists } from '../../src/files/write-error.js';
import { putFile } from '../../src/storage/s3.js';
import { annotateBatch } from '../../src/stream/annotate/batch.js';
import type { BatchEvent } from '../../src/stream/annotate/batch.js';
import { RemoteFolder } from '../../src/stream/output/remote-folder.js';
import { H264, make, moving, temporaryFolder, useBundledFfmpeg } from '../ingest/support/clips.js';
import { endOf, stubRun, submitPaths } from './support/archive.js';
import { HAS_REDIS, TestRedis } from './support/redis.js';
import { TestS3 } from './support/s3-server.js';
import { STUB } from './support/stub.js';

if (!HAS_REDIS) console.warn('SKIPPED: s3:// over the queue needs redis-server (apt-get install redis-server)');

const OUT = 's3://results/run/1';
const folder = temporaryFolder();
let s3: TestS3;
let clip: string;

beforeAll(async () => {
  useBundledFfmpeg();
  s3 = await TestS3.start();
  Object.assign(process.env, s3.environment, { TMPDIR: folder });
  clip = await make(...moving('64x48', 5, 1), ...H264, join(folder, 'clip.mp4'));
});
afterAll(() => s3.close());
beforeEach(() => {
  s3.clear();
});

const annotate = async (input: string, outputDir = OUT): Promise<BatchEvent[]> => {
  const events: BatchEvent[] = [];
  const settings = { outputDir, formats: ['jsonl', 'csv'], model: 'face-api', backend: 'wasm', rotate: 0 } as const;
  for await (const event of annotateBatch([input], settings)) events.push(event);
  return events.filter(({ type }) => ['done', 'skipped', 'failed'].includes(type));
};

it('writes the same files as into a folder, once', async () => {
  s3.put('tapes/clip.mp4', await readFile(clip));
  const outputs = [`${OUT}/clip.jsonl`, `${OUT}/clip.csv`];
  expect(await annotate('s3://tapes/clip.mp4')).toMatchObject([{ type: 'done', outputs }]);
  expect(s3.keys('results/')).toEqual(['run/1/.ferstream/clip.json', 'run/1/clip.csv', 'run/1/clip.jsonl'].map((key) => `results/${key}`)); // prettier-ignore
  await annotate('s3://tapes/clip.mp4', join(folder, 'local'));
  const jsonl = s3.text('results/run/1/clip.jsonl');
  expect(jsonl).toBe(await readFile(join(folder, 'local', 'clip.jsonl'), 'utf8'));
  expect(jsonl.split('\n')[0]).toContain('"name":"s3://tapes/clip.mp4","kind":"url","hash":"sha256:');
  const all = s3.keys('results/').map((key) => s3.text(key)).join(''); // prettier-ignore
  for (const secret of ['test-access-key', 'Amz', '127.0.0.1']) expect(all).not.toContain(secret);
  expect(await annotate('s3://tapes/clip.mp4')).toMatchObject([{ type: 'skipped', outputs }]);
  s3.objects.delete('results/run/1/clip.csv');
  expect(await annotate('s3://tapes/clip.mp4')).toMatchObject([{ type: 'done' }]);
});

it('keeps what could not be uploaded, and uploads it the next time without annotating again', async () => {
  s3.readOnly.add('results/run/1/clip.csv');
  const [failed] = await annotate(clip);
  expect(failed).toMatchObject({ type: 'failed', error: { code: 'OUTPUT_UNWRITABLE', message: expect.stringMatching(/clip\.csv: access denied/) as string } }); // prettier-ignore
  expect(s3.keys('results/run/1/.ferstream')).toEqual([]);
  s3.readOnly.clear();
  expect(await annotate(clip)).toMatchObject([{ type: 'skipped' }]);
  expect(s3.keys('results/')).toHaveLength(3);
  const { local } = (await RemoteFolder.of(OUT))!;
  expect(await exists(join(local, 'clip.jsonl'))).toBe(false);
});

it('uploads large files in parts, which appear with the last request', async () => {
  const path = join(folder, 'large');
  const bytes = Buffer.alloc(40e6, 'frames');
  await writeFile(path, bytes);
  await putFile(path, 's3://results/large');
  expect(s3.objects.get('results/large')!.body.equals(bytes)).toBe(true);
  const requests = s3.requests.filter((request) => request.includes('results/large'));
  expect(requests[0]).toMatch(/^POST .*uploads/);
  expect(requests.filter((request) => request.startsWith('PUT'))).toHaveLength(3);
  expect(requests.at(-1)).toMatch(/^POST .*uploadId/);
});

describe.skipIf(!HAS_REDIS)('over the queue', () => {
  it('takes a stalled object again, divides it, and leaves nothing but the results', { timeout: 240_000 }, async () => {
    const footage = await make(...moving('64x48', 5, 100), ...H264, join(folder, 'footage.mp4'));
    s3.put('tapes/footage.mp4', await readFile(footage));
    s3.stalling.add('tapes/footage.mp4');
    process.env['STUB_HASTE'] = '10';
    const redis = await TestRedis.start(folder);
    const archive = await openQueue(redis.address, () => undefined);
    const events: WorkerEvent[] = [];
    const worker = await ArchiveWorker.start(archive, redis.address, {
      concurrency: 2,
      processModule: STUB,
      onEvent: (event) => {
        events.push(event);
        if (event.event === 'job-failed') s3.stalling.clear();
      },
    });
    try {
      const run = { ...(await stubRun(OUT)), segmentSeconds: 50 };
      const submission = await submitPaths(archive, run, ['s3://tapes/']);
      const outputs = [`${OUT}/footage.jsonl`, `${OUT}/footage.csv`];
      expect(await endOf(archive, submission)).toMatchObject([{ result: { state: 'done', frames: 500, outputs } }]);
      expect(events.find(({ event }) => event === 'job-failed')).toMatchObject({ code: 'INPUT_STALLED', final: false });
      expect(events.find(({ event }) => event === 'job-divided')).toMatchObject({ parts: 2 });
      expect(s3.keys('results/')).toEqual(['.ferstream/footage.json', 'footage.csv', 'footage.jsonl'].map((key) => `results/run/1/${key}`)); // prettier-ignore
    } finally {
      await worker.close(100);
      await archive.close();
      await redis.kill();
    }
  });
});

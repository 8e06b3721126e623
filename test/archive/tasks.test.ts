import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { retryFailed } from '../../src/archive/queue/queue-admin.js';
import { openQueue } from '../../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../../src/archive/queue/redis-connection.js';
import { ArchiveWorker } from '../../src/archive/worker/archive-worker.js';
import type { WorkerEvent } from '../../src/archive/worker/worker-event.js';
import { absoluteGrid } from '../../src/cli/experiment.js';
import { DEFAULT_CROP } from '../../src/model/crop-geometry.js';
import { openBackend } from '../../src/model/engines/open-backend.js';
import { LabelSet } from '../../src/model/label-set.js';
import { parseGrid } from '../../src/train/workflows/experiment/grid.js';
import { temporaryFolder } from '../ingest/support/clips.js';
import { callFer } from '../support/call-fer.js';
import { facePng } from '../support/face-tree.js';
import { rememberNetworks } from '../support/remembered-networks.js';
import { writeStriped } from '../support/striped-dataset.js';
import { saveTinyFrameModel } from '../support/tiny-models.js';
import { HAS_REDIS, TestRedis } from './support/redis.js';
import { STUB } from './support/stub.js';

if (!HAS_REDIS) console.warn('SKIPPED: tasks over the queue need redis-server (apt-get install redis-server)');

const CLASSES = ['neutral', 'happiness', 'fear'];

it('a grid is submitted with absolute paths, and models by their names', async () => {
  const base = { data: 'manifest:faces', moreData: ['prepared:more'], init: 'runs/a', classWords: 'words.txt', exclude: { file: 'audit.csv' } }; // prettier-ignore
  const named = { init: 'default/frame', network: { name: 'temporal', encoder: 'default' }, distil: { teachers: ['face-api', 'runs/b'] } }; // prettier-ignore
  const other = { init: 'face-api:recognition', network: { name: 'ensemble', members: ['a', '/b'] } };
  const settings = { start: { data: 'ferplus:/x' }, methods: { named }, conditions: { other }, seeds: [1] };
  expect(await absoluteGrid(parseGrid({ base, ...settings }))).toMatchObject({
    base: {
      data: `manifest:${resolve('faces')}`,
      moreData: [`prepared:${resolve('more')}`],
      init: resolve('runs/a'),
      classWords: resolve('words.txt'),
      exclude: { file: resolve('audit.csv') },
    },
    start: { data: 'ferplus:/x' },
    methods: { named: { ...named, distil: { teachers: ['face-api', resolve('runs/b')] } } },
    conditions: { other: { ...other, network: { name: 'ensemble', members: [resolve('a'), '/b'] } } },
  });
});

describe.skipIf(!HAS_REDIS)('over the queue', { timeout: 300_000 }, () => {
  const folder = temporaryFolder();
  const [data, model] = [join(folder, 'data'), join(folder, 'model')];
  let redis: TestRedis;
  let archive: ArchiveQueue;
  let worker: ArchiveWorker;
  let events: WorkerEvent[] = [];

  beforeAll(async () => {
    rememberNetworks();
    await openBackend({ backend: 'wasm' });
    await saveTinyFrameModel(model, new LabelSet('three', CLASSES), { crop: { ...DEFAULT_CROP, size: 16 } });
    await writePictures();
    redis = await TestRedis.start(folder);
    archive = await openQueue(redis.address, () => undefined);
    const options = { concurrency: 1, backend: 'wasm', processModule: STUB };
    worker = await ArchiveWorker.start(archive, redis.address, { ...options, onEvent: (event) => events.push(event) });
  }, 120_000);
  afterEach(() => {
    events = [];
  });
  afterAll(async () => {
    await worker.close(100);
    await archive.close();
    await redis.kill();
  });

  /** For testing 20 pictures of three classes and one that the model does not have, a clip, and a picture that is cut short; for validation fewer. */
  async function writePictures(): Promise<void> {
    const rows = ['path,label,split,frameLabels'];
    // The pictures for validation are prepared: a search for a face that is not there takes long.
    const picture = async (path: string, seed: number): Promise<void> => {
      if (path.startsWith('valid')) {
        await writeFile(join(data, path), await facePng(seed));
        return;
      }
      const pixels = Uint8Array.from({ length: 256 }, (_, i) => 128 + 120 * Math.sin((i + 1) * (1 + seed * 0.61)));
      await sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } })
        .png()
        .toFile(join(data, path));
    };
    for (const [split, count, frames] of [
      ['test', 20, 6],
      ['valid', 4, 2],
    ] as const) {
      await mkdir(join(data, split, 'clip'), { recursive: true });
      for (let i = 0; i < count; i += 1) {
        await picture(`${split}/${i}.png`, i);
        rows.push(`${split}/${i}.png,${[...CLASSES, 'contempt'][i % 4]!},${split},`);
        if (i === 2) rows.push(`${split}/clip,,${split},clip.txt`, `${split}/cut.png,fear,${split},`);
      }
      for (let frame = 0; frame < frames; frame += 1) await picture(`${split}/clip/${frame}.png`, 100 + frame);
      await writeFile(join(data, split, 'cut.png'), (await readFile(join(data, split, '0.png'))).subarray(0, 60));
    }
    await writeFile(join(data, 'clip.txt'), 'neutral\n\nfear\nfear\n-1\nhappy\n');
    await writeFile(join(data, 'manifest.csv'), `${rows.join('\n')}\n`);
  }

  const overQueue = (...more: string[]): string[] => ['--queue', redis.address, '--wait', ...more];
  const doneParts = (): string[] =>
    events.flatMap((event) => (event.event === 'job-done' && event.step === 'part' ? [event.input] : []));
  const filesOf = async (place: string): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(
        (await readdir(place)).sort().map(async (name) => [name, await readFile(join(place, name), 'latin1')] as const),
      ),
    );

  it('fer experiment runs every cell once, with the table of a local run', async () => {
    const pictures = join(folder, 'pictures');
    await writeStriped(pictures);
    const base = { data: `manifest:${pictures}`, epochs: 1, batchSize: 12, network: { size: 16, width: 4 }, selectBy: 'loss' }; // prettier-ignore
    const grid = { base, methods: { CE: { method: { name: 'ce' } }, NLA: { method: { name: 'nla' } } }, conditions: { clean: {} }, seeds: [1] }; // prettier-ignore
    const file = join(folder, 'grid.json');
    await writeFile(file, JSON.stringify(grid));
    const [queued, local] = [join(folder, 'queued'), join(folder, 'local')];
    const run = await callFer(['experiment', file, '-o', queued, ...overQueue()]);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('| clean | CE |') as string });
    expect(doneParts().sort()).toEqual(['CE/clean/seed-1', 'NLA/clean/seed-1']);
    expect((await callFer(['experiment', file, '-o', local, '--backend', 'wasm'])).code).toBe(0);
    expect(await readFile(join(queued, 'table.md'), 'utf8')).toBe(await readFile(join(local, 'table.md'), 'utf8'));
    // The same, named from here: all runs are done.
    const fromHere = { ...grid, base: { ...base, data: `manifest:${relative(process.cwd(), pictures)}` } };
    await writeFile(file, JSON.stringify(fromHere));
    events = [];
    expect(await callFer(['experiment', file, '-o', queued, ...overQueue()])).toMatchObject({ code: 0 });
  });

  it('fer dataset prepare writes the bytes of a local run', async () => {
    const [queued, local] = [join(folder, 'crops'), join(folder, 'crops-local')];
    const prepare = ['dataset', 'prepare', `manifest:${data}`, '--split', 'valid', '--size', '16', '--features', model];
    const run = await callFer([...prepare, '-o', queued, ...overQueue('--samples-per-job', '3')]);
    expect(run.stdout).toContain('6 samples');
    expect(run.code).toBe(1); // a picture is cut short
    expect(doneParts()).toHaveLength(2);
    expect((await callFer([...prepare, '-o', local, '--backend', 'wasm'])).code).toBe(1);
    const files = await filesOf(queued);
    expect(Object.keys(files)).toEqual(['crops.bin', 'faces.html', 'features.f32', 'features.json', 'prepared.json', 'samples.jsonl']); // prettier-ignore
    expect(files).toEqual(await filesOf(local));
    expect((await readdir(folder)).filter((name) => name.startsWith('.ferstream'))).toEqual([]);
    // What is there already is not done again.
    events = [];
    expect((await callFer([...prepare, '-o', queued, ...overQueue('--samples-per-job', '3')])).code).toBe(1);
    expect(doneParts()).toEqual([]);
  });

  it('options of a queue are checked', async () => {
    const absent = ['--features', join(folder, 'absent')];
    const early = await callFer(['dataset', 'prepare', `manifest:${data}`, '-o', join(folder, 'none'), ...absent, ...overQueue()]); // prettier-ignore
    expect(early).toMatchObject({ code: 3, stderr: expect.stringContaining('[WEIGHTS_MISSING]') as string });
    expect(early.stdout).not.toContain('submitted');
    const alone = await callFer(['dataset', 'prepare', `manifest:${data}`, '-o', join(folder, 'none'), '--wait']);
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('--wait needs --queue') as string });
    const blind = await callFer(['evaluate', '--model', model, '--data', `manifest:${data}`, ...overQueue()]);
    expect(blind).toMatchObject({ code: 2, stderr: expect.stringContaining('--queue needs --json') as string });
  });

  it('fer evaluate writes and prints what a local run does, also where answers depend on those before', async () => {
    const evaluate = ['evaluate', '--model', model, '--data', `manifest:${data}`, '--faces', 'as-is', '--flip-tta'];
    const files = (place: string): string[] => ['--json', join(place, 'report.json'), '--predictions', join(place, 'all.csv')]; // prettier-ignore
    const [queued, local] = [join(folder, 'figures'), join(folder, 'figures-local')];
    const run = await callFer([...evaluate, ...files(queued), ...overQueue('--samples-per-job', '8')]);
    expect(doneParts()).toHaveLength(3);
    const here = await callFer([...evaluate, ...files(local), '--backend', 'wasm']);
    expect([run.code, here.code]).toEqual([1, 1]);
    expect(run.stdout).toBe(`submitted: evaluate manifest:${data}\n${here.stdout}`);
    expect(await filesOf(queued)).toEqual(await filesOf(local));
    expect(here.stdout).toContain('cut.png');
  });

  it('a part that failed is done again on request, the others are not', async () => {
    const [output, later] = [join(folder, 'retried'), join(folder, 'later')];
    const file = join(folder, 'retried.json');
    const base = { data: `manifest:${join(folder, 'pictures')}`, epochs: 1, batchSize: 12, network: { size: 16, width: 4 }, selectBy: 'loss' }; // prettier-ignore
    const method = { name: 'ce' };
    const methods = { good: { method }, bad: { method, data: `manifest:${later}` } };
    await writeFile(file, JSON.stringify({ base, methods, conditions: { clean: {} }, seeds: [1] }));
    const run = await callFer(['experiment', file, '-o', output, ...overQueue()]);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/failed: bad\/clean\/seed-1 failed: .*later: no such folder.* \[INPUT_NOT_FOUND\]/);
    expect(run.stdout).toContain('| good |');
    expect(doneParts()).toEqual(['good/clean/seed-1']);
    await writeStriped(later);
    events = [];
    expect(await retryFailed(archive.queue, [])).toBe(1);
    while (!events.some((event) => event.event === 'job-done' && event.step === 'merge-parts'))
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(doneParts()).toEqual(['bad/clean/seed-1']);
    expect(await readFile(join(output, 'table.md'), 'utf8')).toMatch(/\| good \|[^]*\| bad \|/);
  });
});

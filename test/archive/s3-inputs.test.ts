import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { expandInputs } from '../../src/ingest/sources/expand-inputs.js';
import { identifyInput } from '../../src/ingest/sources/identity.js';
import { openUrl } from '../../src/ingest/sources/open-source.js';
import { findInputs } from '../../src/archive/queue/queued-input.js';
import { overlayReason } from '../../src/stream/output/overlay-mp4.js';
import { H264, collect, make, moving, temporaryFolder, truth, useBundledFfmpeg } from '../ingest/support/clips.js';
import { TestS3 } from './support/s3-server.js';

const folder = temporaryFolder();
let s3: TestS3;
let footage: string;

beforeAll(async () => {
  useBundledFfmpeg();
  s3 = await TestS3.start();
  Object.assign(process.env, s3.environment);
  footage = await make(...moving(), ...H264, join(folder, 'clip.mp4'));
});
afterAll(() => s3.close());
beforeEach(() => {
  s3.clear();
});

const names = async (...args: string[]): Promise<string[]> =>
  (await expandInputs(args, { ignore: overlayReason })).inputs.map(({ name }) => name);
const failure = async (address: string): Promise<string> => {
  const { failures } = await expandInputs([address]);
  return `${failures[0]!.error.code} ${failures[0]!.error.message}`;
};

it('reads an object as it reads the file, and names it by its address only', async () => {
  s3.put('tapes/2026/take 1#a.mp4', await readFile(footage));
  const address = 's3://tapes/2026/take 1#a.mp4';
  const source = await openUrl(address);
  expect((await collect(source)).map(({ timestamp }) => timestamp.toFixed(3))).toEqual((await truth(footage)).map((time) => time.toFixed(3))); // prettier-ignore
  expect(source.name).toBe(address);
  expect(source.report()).toMatchObject({ degraded: false, note: null });
});

it('reads a part of a large file without downloading the rest', { timeout: 120_000 }, async () => {
  const large = await make(...moving('640x360', 5, 40), '-c:v', 'v210', join(folder, 'large.mov'));
  const bytes = await readFile(large);
  s3.put('tapes/large.mov', bytes);
  s3.bytesSent = 0;
  const source = await openUrl('s3://tapes/large.mov', { start: 30, end: 30.5 });
  expect((await collect(source)).map(({ timestamp }) => timestamp)).toEqual([30, 30.2, 30.4]);
  expect(bytes.length).toBeGreaterThan(80e6);
  expect(s3.bytesSent).toBeLessThan(bytes.length / 2);
  expect(s3.requests.some((request) => /bytes=[1-9]\d+-/.test(request))).toBe(true);
});

it('lists a folder over several pages, in natural order, without hidden names, overlays and other files', async () => {
  for (let i = 1; i <= 10; i += 1) s3.put(`tapes/day/${i}.mp4`, 'x');
  for (const other of ['day/notes.txt', 'day/.ferstream/1.json', 'day/1.overlay.mp4', 'daylight/11.mp4', 'day/cam/a & b.mkv']) s3.put(`tapes/${other}`, 'x'); // prettier-ignore
  const listed = [...Array.from({ length: 10 }, (_, i) => `s3://tapes/day/${i + 1}.mp4`), 's3://tapes/day/cam/a & b.mkv']; // prettier-ignore
  expect(await names('s3://tapes/day/')).toEqual(listed);
  expect(await names('s3://tapes/day')).toEqual(listed);
  expect(s3.requests.filter((request) => request.includes('continuation-token')).length).toBeGreaterThan(2);
  expect(await names('s3://tapes')).toHaveLength(12);
});

it('identifies an object by ETag and size, without reading it', async () => {
  s3.put('tapes/a.mp4', 'one');
  const [listed] = (await expandInputs(['s3://tapes/'])).inputs;
  const named = { kind: 'url', path: 's3://tapes/a.mp4' } as const;
  const first = await identifyInput(named);
  expect(await identifyInput(listed!)).toBe(first);
  s3.put('tapes/a.mp4', 'two');
  expect(await identifyInput(named)).not.toBe(first);
  expect(s3.requests.filter((request) => request.startsWith('GET tapes/a.mp4'))).toEqual([]);
  for await (const found of findInputs(['s3://tapes/'], { outputDir: '/out', formats: ['jsonl'] }))
    expect(found).toMatchObject({ type: 'input', input: { kind: 'url', output: 'a', version: expect.stringMatching(/-3$/) as string } }); // prettier-ignore
});

it('says in one line what is missing or refused', async () => {
  s3.put('tapes/faces/1.jpg', 'x');
  expect(await failure('s3://tapes/gone.mp4')).toBe('INPUT_NOT_FOUND s3://tapes/gone.mp4: is not an object and contains no video: check the address'); // prettier-ignore
  expect(await failure('s3://tapes/faces/')).toContain('contains only pictures');
  expect(await failure('s3://')).toContain('names no bucket');
});

it('notices an object that is replaced while it is read, and one that stalls', async () => {
  s3.put('tapes/a.mp4', await readFile(footage));
  s3.stalling.add('tapes/a.mp4');
  await expect(openUrl('s3://tapes/a.mp4', {}, 700)).rejects.toMatchObject({ code: 'INPUT_STALLED' });
  s3.stalling.clear();
  const source = await openUrl('s3://tapes/a.mp4');
  const frames = source.frames();
  s3.put('tapes/a.mp4', await readFile(await make(...moving('320x240'), ...H264, join(folder, 'other.mp4'))));
  // Opened before, first read after: all parts come from the same object.
  let count = 0;
  for await (const { width } of frames) {
    expect(width).toBe(160);
    count += 1;
  }
  expect(count).toBeGreaterThan(0);
});

import { mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { EXPRESSIONS_8 } from '../../../model/label-set.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { headerFor, prepareSettings, readHeader } from './prepared-header.js';
import { StoreWriter } from './store-writer.js';
import type { UnplacedRow } from './sample-row.js';

const GEOMETRY = { ...DEFAULT_CROP, size: 8 };
const EMPTY = { name: 'own', labels: EXPRESSIONS_8, splits: [], samples: [], problems: [], leftOut: {} };
const HEADER = headerFor(EMPTY, prepareSettings({ geometry: GEOMETRY }));

/** Clips of 0, 1, 2 ... crops. */
const ROWS: readonly UnplacedRow[] = Array.from({ length: 6 }, (_, i) => ({
  id: `clip ü ${i}`,
  kind: 'clip',
  split: 'train',
  label: 'fear',
  frameLabels: null,
  softLabel: null,
  subject: null,
  content: null,
  origin: i === 0 ? 'none' : 'detected',
  note: null,
  crops: i,
  frames: Array.from({ length: i + 1 }, (_, at) => ({ index: at, timestamp: at / 25, crop: at === 0 ? null : at - 1 })),
}));

function cropsOf(row: UnplacedRow): Uint8Array[] {
  const random = new SeededRandom(1).fork(row.id);
  return Array.from({ length: row.crops }, () => Uint8Array.from({ length: 64 }, () => random.int(256)));
}

async function writeRest(folder: string): Promise<number> {
  const writer = await StoreWriter.open(folder, HEADER);
  const done = writer.rows.length;
  for (const row of ROWS.slice(done)) await writer.append(row, cropsOf(row));
  await writer.complete();
  await writer.close();
  return done;
}

function contents(folder: string): Promise<Buffer[]> {
  return Promise.all(['crops.bin', 'samples.jsonl', 'prepared.json'].map((name) => readFile(join(folder, name))));
}

it('appends crops and continues after a killed program', async () => {
  const root = await scratchDir();
  const whole = join(root, 'whole');
  await writeRest(whole);
  const wanted = await contents(whole);
  const [crops, rows] = wanted as [Buffer, Buffer];
  expect(crops.length).toBe((1 + 2 + 3 + 4 + 5) * 64);
  const lines = rows
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { firstCrop: number; crops: number; frames: { crop: number | null }[] });
  expect(lines.map(({ firstCrop }) => firstCrop)).toEqual([0, 0, 1, 3, 6, 10]);
  expect(lines[3]!.frames.map(({ crop }) => crop)).toEqual([null, 3, 4, 5]);
  expect(await readHeader(whole)).toMatchObject({ complete: { crops: 15, detected: 5, whole: 0, none: 1, failed: 0 } });

  // Crops are written before the row that speaks of them, so more crops than rows are left; after a loss of power perhaps fewer.
  const random = new SeededRandom(3);
  for (let trial = 0; trial < 12; trial++) {
    const folder = await mkdtemp(join(root, 'cut-'));
    const writer = await StoreWriter.open(folder, HEADER);
    for (const row of ROWS) await writer.append(row, cropsOf(row));
    await writer.close();
    await truncate(join(folder, 'samples.jsonl'), random.int(rows.length));
    if (trial % 3 === 0) await truncate(join(folder, 'crops.bin'), random.int(crops.length));
    expect(await writeRest(folder)).toBeLessThan(ROWS.length);
    expect(await contents(folder)).toEqual(wanted);
  }
  expect(await writeRest(whole)).toBe(ROWS.length);
  expect(await contents(whole)).toEqual(wanted);
});

it('counts again where rows of a complete folder were lost', async () => {
  const folder = join(await scratchDir(), 'crops');
  await writeRest(folder);
  await truncate(join(folder, 'samples.jsonl'), (await readFile(join(folder, 'samples.jsonl'))).length - 1);
  const writer = await StoreWriter.open(folder, HEADER);
  await writer.append({ ...ROWS.at(-1)!, crops: 0, frames: [], origin: 'failed' }, []);
  await writer.complete();
  await writer.close();
  expect(await readHeader(folder)).toMatchObject({ complete: { crops: 10, detected: 4, none: 1, failed: 1 } });
});

it('refuses a folder with crops of something else, or with other things in it', async () => {
  const root = await scratchDir();
  const folder = join(root, 'crops');
  await writeRest(folder);
  const open = (header: typeof HEADER): Promise<StoreWriter> => StoreWriter.open(folder, header);
  await expect(open(headerFor(EMPTY, prepareSettings({})))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/crop geometry \{"size":8.*not \{"size":48/) as string,
  });
  await expect(
    open(headerFor(EMPTY, prepareSettings({ geometry: GEOMETRY, framesPerSecond: 5 }))),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('settings') as string });
  await expect(
    open(headerFor({ ...EMPTY, name: 'other' }, prepareSettings({ geometry: GEOMETRY }))),
  ).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('data set "own", not "other"') as string,
  });
  await writeFile(join(root, 'thesis.txt'), 'years of work');
  await expect(StoreWriter.open(root, HEADER)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  await writeFile(join(root, 'prepared.json'), '{"format":9}');
  await expect(StoreWriter.open(root, HEADER)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(StoreWriter.open(join(root, 'thesis.txt', 'below'), HEADER)).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
  });
});

it('notices that another run writes into the same folder', async () => {
  const folder = join(await scratchDir(), 'crops');
  const one = await StoreWriter.open(folder, HEADER);
  const other = await StoreWriter.open(folder, HEADER);
  await one.append(ROWS[0]!, []);
  await expect(other.append(ROWS[0]!, [])).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
    message: expect.stringContaining('another process is writing there') as string,
  });
  for (const writer of [one, other]) await writer.close();
  expect(await writeRest(folder)).toBe(1);
});

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { runAudit } from '../../src/cli/audit.js';
import type { AuditFlags } from '../../src/cli/audit.js';
import { callFer } from '../support/call-fer.js';
import type { FerRun } from '../support/run-fer.js';
import { scratchDir } from '../support/scratch.js';
import { PATTERNS } from '../support/striped-pictures.js';
import { writeTree } from '../support/write-tree.js';
import { writeFlipped } from './flipped-dataset.js';

const dir = await scratchDir();
const pictures = join(dir, 'pictures');
const data = `manifest:${pictures}`;
const run = join(dir, 'run');
const ENGINE = ['--backend', 'wasm'];
const TINY = [
  '--preset',
  'ce',
  '--batch-size',
  '16',
  ...ENGINE,
  '--set',
  'network.size=16',
  'network.width=4',
  'optimizer.lr=0.01',
  'augment.padding=1',
  'validation.fraction=0',
];

const train = (folder: string, epochs: number, ...more: string[]): Promise<FerRun> =>
  callFer(['train', data, '-o', folder, '--epochs', String(epochs), ...more, ...TINY]);

type Row = Record<'id' | 'given' | 'suggested' | 'score' | 'exclude' | 'p_gt' | 'p_nn' | 'disagreed' | 'looks', string>;

async function table(folder: string): Promise<Row[]> {
  return parse(await readFile(join(folder, 'audit.csv'), 'utf8'), { columns: true });
}

const ids = (rows: readonly Row[]): string[] => rows.map(({ id }) => id);
const trueLabel = (id: string): string => PATTERNS[parseInt(id) % PATTERNS.length]!;

let wrong: string[];
let trained: FerRun;

beforeAll(async () => {
  wrong = await writeFlipped(pictures);
  trained = await train(run, 6);
}, 180_000);

describe('labels made wrong on purpose', { timeout: 180_000 }, () => {
  it('come first in what a training run writes at its end, with their true label', async () => {
    expect(trained).toMatchObject({ code: 0 });
    const rows = await table(run);
    expect(rows).toHaveLength(90);
    expect(ids(rows.slice(0, wrong.length)).sort()).toEqual([...wrong].sort());
    for (const row of rows.slice(0, wrong.length))
      expect(row).toMatchObject({ suggested: trueLabel(row.id), looks: '6' });
    const scores = rows.map(({ score }) => Number(score));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const marked = rows.filter(({ exclude }) => exclude === 'yes');
    expect(marked.length).toBeGreaterThan(0);
    expect(wrong).toEqual(expect.arrayContaining(ids(marked)));
    expect(trained.stdout).toContain(`labels that look wrong: ${marked.length} of 90, in ${join(run, 'audit.html')}`);
    const page = await readFile(join(run, 'audit.html'), 'utf8');
    expect(page.match(/src="data:image\/jpeg;base64,/g)).toHaveLength(90);
  });

  it('are the same when the run is audited afterwards; the data set is known from its settings', async () => {
    const output = join(dir, 'afterwards');
    const audited = await callFer(['audit', '--model', run, '-o', output]);
    expect(audited).toMatchObject({ code: 0 });
    expect(await readFile(join(output, 'audit.csv'), 'utf8')).toBe(await readFile(join(run, 'audit.csv'), 'utf8'));
    expect((await readFile(join(output, 'audit.html'), 'utf8')).match(/src="data:image\/jpeg;base64,/g)).toHaveLength(
      90,
    );
    expect(audited.stdout).toMatch(
      /^90 labels audited; estimated wrong: \d+ \(\d+\.\d %\); marked in audit\.csv: \d+$/m,
    );
    for (const label of PATTERNS) expect(audited.stdout).toMatch(new RegExp(`^${label} +\\d+ +[\\d.]+ +\\d+$`, 'm'));
  });

  it('are found by a model in one look, which tells of what it cannot read', async () => {
    const output = join(dir, 'one-look');
    const audited = await callFer(['audit', data, '--model', join(run, 'last'), '-o', output, ...ENGINE]);
    expect(audited.code).toBe(1);
    expect(audited.stdout).toMatch(/cannot be read: .*damaged\.png/);
    const rows = await table(output);
    expect(rows).toHaveLength(90);
    expect(ids(rows.slice(0, wrong.length)).sort()).toEqual([...wrong].sort());
    for (const row of rows.slice(0, wrong.length))
      expect(row).toMatchObject({ suggested: trueLabel(row.id), looks: '1' });
    expect((await readFile(join(output, 'audit.html'), 'utf8')).match(/src="data:image\/jpeg;base64,/g)).toHaveLength(
      90,
    );
  });

  it('are left out of another training, and are not in its own audit', async () => {
    const file = join(dir, 'looked-through.csv');
    const rows = await table(run);
    await writeFile(
      file,
      ['id,exclude', ...rows.map(({ id }) => `${id},${wrong.includes(id) ? 'yes' : 'no'}`), 'gone.png,yes'].join('\n'),
    );
    const second = join(dir, 'second');
    const again = await train(second, 1, '--exclude', file);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('81 samples to train on');
    expect(again.stdout).toContain(`left out: 9: excluded by ${file}`);
    expect(again.stdout).toContain(`${file}: marked, but not in this data set: 1, such as "gone.png" (line 92)`);
    expect(ids(await table(second)).sort()).toEqual(
      ids(rows)
        .filter((id) => !wrong.includes(id))
        .sort(),
    );

    // A finished run that is resumed has its audit again.
    await rm(join(second, 'audit.csv'));
    expect(await train(second, 1, '--exclude', file, '--resume')).toMatchObject({ code: 0 });
    expect(await table(second)).toHaveLength(81);
  });

  it('can be left out by their score', async () => {
    const rows = await table(run);
    const above = Number(rows[4]!.score);
    const count = rows.filter(({ score }) => Number(score) > above).length;
    const third = await callFer([
      'train',
      data,
      '-o',
      join(dir, 'third'),
      '--epochs',
      '1',
      '--exclude',
      join(run, 'audit.csv'),
      ...TINY,
      `exclude.above=${above}`,
    ]);
    expect(third.stdout).toContain(`left out: ${count}: excluded by ${join(run, 'audit.csv')}`);
  });
});

describe('what cannot be audited', () => {
  const io = { write: () => undefined, progress: { isTTY: false, write: () => true } };
  const audit = (location: string | undefined, flags: Partial<AuditFlags>): Promise<number> =>
    runAudit(location, { model: join(run, 'last'), output: join(dir, 'never'), backend: 'wasm', ...flags }, io);

  it.each<readonly [string | undefined, Partial<AuditFlags>, string, RegExp]>([
    [undefined, {}, 'USAGE', /give the data set to audit as FORMAT:DIR/],
    [data, { model: run, split: 'train' }, 'USAGE', /is a training run.*leave out --split and --faces/],
    [data, { model: join(dir, 'nowhere') }, 'WEIGHTS_MISSING', /nowhere: it has no ferstream\.json/],
    [
      data,
      { model: 'face-api' },
      'MODEL_INCOMPATIBLE',
      /the data set rows, columns, squares: name a model that shares at least two/,
    ],
    [data, { split: 'test' }, 'INPUT_NOT_FOUND', /no samples in the test split/],
  ])('%s, %j: says so', async (location, flags, code, message) => {
    await expect(audit(location, flags)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('other data than the run was trained on', async () => {
    const other = join(dir, 'other-pictures');
    await writeTree(other, {
      'renamed.png': await readFile(join(pictures, '1.png')),
      'manifest.csv': 'path,label\nrenamed.png,rows',
    });
    await expect(audit(`manifest:${other}`, { model: run })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/was trained on other data than/) as string,
    });
  });

  it('an audit that is not there, in one line', async () => {
    const failed = await train(join(dir, 'never'), 1, '--exclude', join(dir, 'none.csv'));
    expect(failed.code).toBe(1);
    expect(failed.stderr.split('\n').filter((line) => line.startsWith('fer: '))).toEqual([
      expect.stringMatching(/none\.csv cannot be read: .* \[INPUT_NOT_FOUND\]$/),
    ]);
  });
});

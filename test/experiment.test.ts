import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../src/model/engines/open-backend.js';
import { parseGrid } from '../src/train/workflows/experiment/grid.js';
import { runGrid } from '../src/train/workflows/experiment/run-grid.js';
import type { CellResult } from '../src/train/workflows/experiment/run-grid.js';
import { callFer } from './support/call-fer.js';
import { startFer } from './support/run-fer.js';
import type { FerRun } from './support/run-fer.js';
import { scratchDir } from './support/scratch.js';
import { writeStriped } from './support/striped-dataset.js';

const dir = await scratchDir();
const data = join(dir, 'pictures');
const output = join(dir, 'out');
const file = join(dir, 'grid.json');
const GRID = {
  base: {
    data: `manifest:${data}`,
    epochs: 2,
    batchSize: 12,
    network: { size: 16, width: 4 },
    optimizer: { lr: 0.01 },
    augment: { padding: 1 },
    selectBy: 'loss',
  },
  methods: { CE: { method: { name: 'ce' } }, NLA: { method: { name: 'nla' } } },
  conditions: { clean: {}, noisy: { noise: { rate: 0.4 } } },
  seeds: [1, 2],
};
const CELLS = GRID.seeds.flatMap((seed) =>
  ['clean', 'noisy'].flatMap((condition) =>
    ['CE', 'NLA'].map((method) => ({
      method,
      condition,
      seed,
      folder: join(output, method, condition, `seed-${seed}`),
    })),
  ),
);
const ARGS = ['experiment', file, '-o', output, '--backend', 'wasm'];

let interrupted: FerRun;
let resultsThen: string[];
let finished: FerRun;
let results: CellResult[];

const readJson = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;
const resultFiles = async (): Promise<string[]> =>
  (await readdir(output, { recursive: true })).filter((name) => name.endsWith('result.json')).sort();

beforeAll(async () => {
  await writeStriped(data);
  await writeFile(file, JSON.stringify(GRID));
  const fer = startFer(ARGS);
  // In the midst of the third run.
  await fer.printed('CE, noisy, seed 1');
  fer.child.kill('SIGINT');
  interrupted = await fer.ended;
  resultsThen = await resultFiles();
  finished = await callFer(ARGS);
  results = await Promise.all(CELLS.map(({ folder }) => readJson<CellResult>(join(folder, 'result.json'))));
}, 180_000);

/** Mean and sample standard deviation in percent, by another road than the code's: sums of squares. */
function percent(values: readonly number[]): string {
  const scaled = values.map((value) => 100 * value);
  const sum = scaled.reduce((a, b) => a + b);
  const squares = scaled.reduce((a, b) => a + b * b, 0);
  const deviation = Math.sqrt(Math.max(0, squares - sum ** 2 / values.length) / (values.length - 1));
  return `${(sum / values.length).toFixed(1)} ± ${deviation.toFixed(1)}`;
}

describe('fer experiment', () => {
  it('stops on request and keeps finished runs', () => {
    expect(interrupted.code).toBe(130);
    expect(resultsThen.slice(0, 2)).toEqual(
      [join('CE', 'clean', 'seed-1', 'result.json'), join('NLA', 'clean', 'seed-1', 'result.json')].sort(),
    );
    expect(resultsThen.length).toBeLessThan(CELLS.length);
  });

  it('continues with what is missing, and with that alone', () => {
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).not.toContain('CE, clean, seed 1');
    expect(finished.stdout).toContain('NLA, noisy, seed 2');
    expect(results.map(({ method, condition, seed }) => ({ method, condition, seed }))).toEqual(
      CELLS.map(({ method, condition, seed }) => ({ method, condition, seed })),
    );
  });

  it('measures best and last epoch on the test split', async () => {
    for (const [i, { best, last, bestEpoch, epochs, trainAccuracy }] of results.entries()) {
      expect(epochs).toBe(2);
      for (const { count, confusion, accuracy } of [best, last]) {
        expect(count).toBe(9);
        expect(accuracy).toBeCloseTo(confusion.reduce((sum, row, k) => sum + row[k]!, 0) / 9, 10);
      }
      if (bestEpoch === epochs) expect(best).toEqual(last);
      const lines = (await readFile(join(CELLS[i]!.folder, 'epochs.jsonl'), 'utf8')).trim().split('\n');
      const history = lines.map((line) => JSON.parse(line) as { trainAccuracy: number; validation: { loss: number } });
      expect(history.at(-1)!.trainAccuracy).toBe(trainAccuracy);
      expect(history[bestEpoch - 1]!.validation.loss).toBe(
        Math.min(...history.map(({ validation }) => validation.loss)),
      );
    }
  });

  it('writes one table of mean and spread over the seeds', async () => {
    const table = (await readFile(join(output, 'table.md'), 'utf8')).trim();
    expect(finished.stdout).toContain(table);
    const [head, , ...rows] = table.split('\n').map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(head).toEqual([
      'condition',
      'method',
      'seeds',
      'WAR best',
      'WAR last',
      'UAR best',
      'UAR last',
      'macro F1 best',
      'macro F1 last',
      'training labels fitted',
    ]);
    const expected = ['clean', 'noisy'].flatMap((condition) =>
      ['CE', 'NLA'].map((method) => {
        const own = results.filter((result) => result.condition === condition && result.method === method);
        const over = (of: (result: CellResult) => number): string => percent(own.map(of));
        return [
          ...[condition, method, '2', over(({ best }) => best.accuracy), over(({ last }) => last.accuracy)],
          ...[over(({ best }) => best.meanClassAccuracy), over(({ last }) => last.meanClassAccuracy)],
          ...[
            over(({ best }) => best.macroF1),
            over(({ last }) => last.macroF1),
            over(({ trainAccuracy }) => trainAccuracy),
          ],
        ];
      }),
    );
    expect(rows).toEqual(expected);
    expect(await readJson(join(output, 'results.json'))).toMatchObject({ cells: results });
  });

  it('puts wrong labels into the training part alone, the same for every method', async () => {
    const given = async (method: string, condition: string): Promise<number[]> =>
      (await readJson<{ given: number[] }>(join(output, method, condition, 'seed-1', 'ambiguity.json'))).given;
    const [clean, noisy] = [await given('CE', 'clean'), await given('CE', 'noisy')];
    expect(await given('NLA', 'noisy')).toEqual(noisy);
    expect(noisy.filter((label, i) => label !== clean[i])).toHaveLength(Math.round(0.4 * clean.length));
    for (const { best } of results) expect(best.confusion.map((row) => row.reduce((a, b) => a + b))).toEqual([3, 3, 3]);
  });

  it('gave the interrupted run the result it would have had', async () => {
    await openBackend({ backend: 'wasm' });
    const alone = join(dir, 'alone');
    const { base } = GRID;
    expect(
      await runGrid(
        parseGrid({ base, methods: { CE: GRID.methods.CE }, conditions: { noisy: GRID.conditions.noisy }, seeds: [1] }),
        alone,
      ),
    ).toBe(true);
    const result = await readJson<CellResult>(join(alone, 'CE', 'noisy', 'seed-1', 'result.json'));
    expect({ ...result, seconds: 0 }).toEqual({ ...results[2]!, seconds: 0 });
  });

  it('is refused before it trains where the data have nothing to test on', async () => {
    await openBackend({ backend: 'wasm' });
    const empty = join(dir, 'empty');
    const grid = parseGrid({ ...GRID, conditions: { clean: {} }, seeds: [1], test: 'valid' });
    await expect(runGrid(grid, empty)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/pictures has no labelled samples to test on in its split "valid"/) as string,
    });
    await expect(readdir(join(empty, 'CE', 'clean', 'seed-1'))).rejects.toThrow('ENOENT');
  });
});

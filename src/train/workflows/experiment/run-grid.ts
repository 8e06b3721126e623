import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { loadCheckpoint } from '../../../model/checkpoint/checkpoint.js';
import type { TrainConfig } from '../../config/train-config.js';
import type { SplitMetrics } from '../../metrics/split-metrics.js';
import { predictWith } from '../../trainer/gradients.js';
import type { EvaluationSet } from '../../data/training/training-set.js';
import { openTrainingData } from '../../job/training-data.js';
import type { TrainingData } from '../../job/training-data.js';
import { stopSignal, withFolderLock } from '../../../files/folder-lock.js';
import { writeFileAtomic } from '../../../files/atomic-file.js';
import { requireFinite } from '../../../model/expression-model.js';
import { splitMetrics } from '../../metrics/split-metrics.js';
import { trainOn } from '../train.js';
import type { Cell, CellGroup, Grid } from './grid.js';
import { layOut } from './grid.js';

/** Test results of a finished cell. */
export interface CellResult {
  readonly method: string;
  readonly condition: string;
  readonly seed: number;
  /** The epoch that was best on validation, from 1, and how its model did. */
  readonly bestEpoch: number;
  readonly best: SplitMetrics;
  readonly epochs: number;
  readonly last: SplitMetrics;
  /** Share of the training labels, wrong ones included, that the last epoch predicted: how much was memorised. */
  readonly trainAccuracy: number;
  /** Duration of all epochs in seconds. */
  readonly seconds: number;
  /** Fingerprint of the cell's settings: results with another one do not count. */
  readonly settings: string;
}

export interface GridOptions {
  /** Number of processes that share the grid; this one is number `part` (from 1). */
  readonly part?: number;
  readonly parts?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onMessage?: (line: string) => void;
}

const RESULT = 'result.json';

/**
 * Runs every cell that has no result yet, each into its own folder, and resumes after an interruption. The engine must be open.
 * @returns false when interrupted
 * @throws FerError FOLDER_IN_USE, and what training throws
 */
export async function runGrid(
  grid: Grid,
  folder: string,
  { part = 1, parts = 1, signal, onMessage = () => undefined }: GridOptions = {},
): Promise<boolean> {
  // Processes that share a grid have a lock each; they share no cell.
  const place = parts === 1 ? folder : join(folder, `.part-${part}-of-${parts}`);
  return withFolderLock(place, 'fer experiment', async (lock) => {
    const shared = new SharedData();
    try {
      return await runGroups(grid, folder, shared, { part, parts, signal: stopSignal(lock, signal), onMessage });
    } finally {
      await shared.close();
    }
  });
}

/**
 * Runs these cells of a grid, and the start they share where there is one. The engine must be open.
 * @param cells their folders; all must be of one group
 * @returns false when interrupted
 * @throws FerError FOLDER_IN_USE, and what training throws
 */
export async function runCells(
  grid: Grid,
  folder: string,
  cells: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const shared = new SharedData();
  const options = { part: 1, parts: 1, signal, onMessage: () => undefined };
  try {
    return await runGroups(grid, folder, shared, options, (cell) => cells.includes(cell.folder));
  } finally {
    await shared.close();
  }
}

async function runGroups(
  grid: Grid,
  folder: string,
  shared: SharedData,
  { part, parts, signal, onMessage }: Required<GridOptions>,
  isWanted: (cell: Cell) => boolean = () => true,
): Promise<boolean> {
  for (const [i, group] of layOut(grid).entries()) {
    if (i % parts !== part - 1) continue;
    const missing: Cell[] = [];
    for (const cell of group.cells.filter(isWanted)) if ((await readResult(folder, cell)) === null) missing.push(cell);
    if (missing.length === 0) continue;
    if (!(await runStart(group, folder, shared, signal, onMessage))) return false;
    for (const cell of missing) {
      onMessage(`${cell.method}, ${cell.condition}, seed ${cell.seed}`);
      const result = await runCell(cell, grid, folder, shared, signal, onMessage);
      if (result === null) return false;
      onMessage(
        `  best (epoch ${result.bestEpoch}) WAR ${percent(result.best.accuracy)} UAR ${percent(result.best.meanClassAccuracy)}; last WAR ${percent(result.last.accuracy)} UAR ${percent(result.last.meanClassAccuracy)}`,
      );
    }
  }
  return true;
}

/** Finished results, in the grid's order. */
export async function gridResults(grid: Grid, folder: string): Promise<readonly CellResult[]> {
  const results = await Promise.all(
    layOut(grid)
      .flatMap(({ cells }) => cells)
      .map((cell) => readResult(folder, cell)),
  );
  return results.filter((result) => result !== null);
}

async function runStart(
  { start }: CellGroup,
  folder: string,
  shared: SharedData,
  signal: AbortSignal | undefined,
  say: (line: string) => void,
): Promise<boolean> {
  if (start === null) return true;
  const outcome = await trainOn(await shared.of(start.config), start.config, join(folder, start.folder), {
    resume: true,
    signal,
  });
  if (outcome.isComplete)
    say(`start: ${start.folder}, accuracy on its own labels ${percent(outcome.history.at(-1)!.trainAccuracy)}`);
  return outcome.isComplete;
}

async function runCell(
  cell: Cell,
  grid: Grid,
  folder: string,
  shared: SharedData,
  signal: AbortSignal | undefined,
  say: (line: string) => void,
): Promise<CellResult | null> {
  const path = join(folder, cell.folder);
  const config =
    cell.startFolder === null ? cell.config : { ...cell.config, init: join(folder, cell.startFolder, 'last') };
  const data = await shared.of(config);
  const test = await shared.test(config, grid.test);
  if (test.labels.length === 0)
    throw new FerError('CONFIG_INVALID', `experiment: ${config.data} has no labelled samples to test on in its split "${grid.test}": set "test" to a split that it has`); // prettier-ignore
  const outcome = await trainOn(data, config, path, {
    resume: true,
    signal,
    onEpoch: ({ epoch, loss, trainAccuracy, validation, seconds }) => {
      if (epoch % 5 === 0)
        say(
          `  epoch ${epoch}/${config.epochs}  loss ${loss.toFixed(3)}, accuracy ${percent(trainAccuracy)}, validation WAR ${percent(validation?.accuracy ?? NaN)} UAR ${percent(validation?.meanClassAccuracy ?? NaN)}, ${seconds.toFixed(0)} s`,
        );
    },
  });
  if (!outcome.isComplete) return null;
  const result: CellResult = {
    ...{ method: cell.method, condition: cell.condition, seed: cell.seed },
    bestEpoch: outcome.bestEpoch,
    best: await measure(join(outcome.folder.best, data.part), test),
    epochs: outcome.history.length,
    last: await measure(join(outcome.folder.last, data.part), test),
    trainAccuracy: outcome.history.at(-1)!.trainAccuracy,
    seconds: outcome.history.reduce((sum, { seconds }) => sum + seconds, 0),
    settings: settingsOf(cell),
  };
  await writeFileAtomic(join(path, RESULT), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function measure(checkpoint: string, test: EvaluationSet): Promise<SplitMetrics> {
  const { model, info } = await loadCheckpoint(checkpoint);
  try {
    const logits = await test.logits(predictWith(model));
    requireFinite(logits, checkpoint);
    return splitMetrics(logits, test.labels, info.labelSet.labels.length, info.temperature ?? 1);
  } finally {
    model.dispose();
  }
}

/** @throws FerError CONFIG_INVALID for a result of other settings */
async function readResult(folder: string, cell: Cell): Promise<CellResult | null> {
  const path = join(folder, cell.folder, RESULT);
  try {
    const result = JSON.parse(await readFile(path, 'utf8')) as CellResult;
    if (result.settings === settingsOf(cell)) return result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  throw new FerError(
    'CONFIG_INVALID',
    `${path} was made with other settings than the grid has now: choose another --output, or remove that folder to run it again`,
  );
}

function settingsOf({ config: { data: _data, init: _init, ...rest } }: Cell): string {
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
}

/** Data sets that cells share, opened once; the last one used is kept. */
class SharedData {
  private key = '';
  private data: TrainingData | undefined;
  private testKey = '';
  private testSet: EvaluationSet | undefined;

  async of(config: TrainConfig): Promise<TrainingData> {
    const { data, moreData, fold, labels, classWords, deduplicate } = config;
    const key = JSON.stringify([data, moreData, fold, labels, classWords, deduplicate, dataSettings(config)]);
    if (this.data === undefined || this.key !== key) {
      await this.close();
      this.data = await openTrainingData(config);
      this.key = key;
    }
    return this.data;
  }

  async test(config: TrainConfig, split: Grid['test']): Promise<EvaluationSet> {
    const data = await this.of(config);
    const key = `${this.key} ${split}`;
    if (this.testSet === undefined || this.testKey !== key) {
      this.testSet = await data.split(split);
      this.testKey = key;
    }
    return this.testSet;
  }

  async close(): Promise<void> {
    await this.data?.close();
    this.data = undefined;
    // It reads from the data.
    this.testSet = undefined;
  }
}

/** The part of the network settings that the data depend on. */
function dataSettings({ network }: TrainConfig): unknown {
  return network.name === 'temporal' ? network.encoder : network;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackend } from '../model/backend/index.js';
import type { OpenBackendOptions } from '../model/backend/index.js';
import { readConfigFile } from '../train/config/index.js';
import { gridResults, markdownResults, parseGrid, resultRows, runGrid } from '../train/experiment/index.js';
import { replaceFile } from '../train/log/index.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';

/** The options of `fer experiment` as the command line gives them. */
export interface ExperimentFlags {
  readonly output: string;
  readonly part?: { readonly part: number; readonly parts: number };
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs what is missing of the grid, and writes table.md and results.json of all that is there. Returns the exit code. */
export async function runExperiment(file: string, { output, part, backend }: ExperimentFlags): Promise<number> {
  const grid = parseGrid(await readConfigFile(file));
  const signal = interruptSignal();
  await mkdir(output, { recursive: true });
  const { description } = await openBackend({ backend });
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  say(`computing on ${description}`);
  const isComplete = await runGrid(grid, output, { ...part, signal, onMessage: say });
  const results = await gridResults(grid, output);
  const rows = resultRows(results);
  await replaceFile(join(output, 'results.json'), `${JSON.stringify({ rows, cells: results }, null, 2)}\n`);
  const table = markdownResults(rows);
  await replaceFile(join(output, 'table.md'), `${table}\n`);
  say(`\n${table}`);
  return isComplete ? EXIT.ok : EXIT.interrupted;
}

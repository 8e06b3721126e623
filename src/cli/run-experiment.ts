import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackend } from '../model/backend/index.js';
import type { OpenBackendOptions } from '../model/backend/index.js';
import { readConfigFile } from '../train/config/index.js';
import type { Grid } from '../train/experiment/index.js';
import { gridResults, markdownResults, parseGrid, resultRows, runGrid } from '../train/experiment/index.js';
import { replaceFile } from '../train/log/index.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';

/** The options of `fer experiment` as the command line gives them. */
export interface ExperimentFlags {
  readonly output: string;
  readonly table?: boolean;
  readonly part?: { readonly part: number; readonly parts: number };
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs what is missing of the grid, and writes table.md and results.json of all that is there. Returns the exit code. */
export async function runExperiment(
  file: string,
  { output, table = false, part, backend }: ExperimentFlags,
): Promise<number> {
  const grid = parseGrid(await readConfigFile(file));
  await mkdir(output, { recursive: true });
  const isComplete = table || (await runMissing(grid, output, part, backend));
  const results = await gridResults(grid, output);
  const rows = resultRows(results);
  await replaceFile(join(output, 'results.json'), `${JSON.stringify({ rows, cells: results }, null, 2)}\n`);
  await replaceFile(join(output, 'table.md'), `${markdownResults(rows)}\n`);
  say(`\n${markdownResults(rows)}`);
  return isComplete ? EXIT.ok : EXIT.interrupted;
}

async function runMissing(
  grid: Grid,
  output: string,
  part: ExperimentFlags['part'],
  backend: ExperimentFlags['backend'],
): Promise<boolean> {
  const signal = interruptSignal();
  const { description } = await openBackend({ backend });
  say(`computing on ${description}`);
  return runGrid(grid, output, { ...part, signal, onMessage: say });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

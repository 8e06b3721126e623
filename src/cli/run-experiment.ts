import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackend } from '../model/engines/open-backend.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import { readConfigFile } from '../train/config/read-config.js';
import type { Grid } from '../train/workflows/experiment/grid.js';
import { gridResults, runGrid } from '../train/workflows/experiment/run-grid.js';
import { markdownResults, resultRows } from '../train/workflows/experiment/results-table.js';
import { parseGrid } from '../train/workflows/experiment/grid.js';
import { writeFileAtomic } from '../files/atomic-file.js';
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
  await writeFileAtomic(join(output, 'results.json'), `${JSON.stringify({ rows, cells: results }, null, 2)}\n`);
  await writeFileAtomic(join(output, 'table.md'), `${markdownResults(rows)}\n`);
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

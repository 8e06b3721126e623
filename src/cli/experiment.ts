import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { writeFileAtomic } from '../files/atomic-file.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import type { Grid } from '../train/workflows/experiment/grid.js';
import { backendOption, writeLine } from './options.js';
import { EXIT, interruptSignal } from './exit.js';

export function experimentCommand(program: Command): void {
  program
    .command('experiment')
    .summary('compare methods over conditions and seeds')
    .description(
      'Runs a grid of trainings (method x condition x seed) and writes a table of results. An interrupted run resumes.',
    )
    .argument('<grid>', 'JSON file: base, start, methods, conditions, seeds, test')
    .option('-o, --output <dir>', 'output folder', 'fer-experiment')
    .option('--part <i/n>', 'run only part i of n; start n processes to share the work', part)
    .option('--table', 'only write the table of finished runs')
    .addOption(backendOption())
    .addHelpText('after', '\nGrid file and output: docs/experiment.md')
    .action(async (grid: string, flags: ExperimentFlags) => {
      process.exitCode = await runExperiment(grid, flags);
    });
}

function part(text: string): { part: number; parts: number } {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [number, count] = [Number(i), Number(n)];
  if (!(number >= 1 && number <= count)) throw new InvalidArgumentError('It must look like 1/2.');
  return { part: number, parts: count };
}

interface ExperimentFlags {
  readonly output: string;
  readonly table?: boolean;
  readonly part?: { readonly part: number; readonly parts: number };
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs the missing trainings, writes table.md and results.json. Returns the exit code. */
async function runExperiment(file: string, { output, table = false, part, backend }: ExperimentFlags): Promise<number> {
  const { readConfigFile } = await import('../train/config/read-config.js');
  const { parseGrid } = await import('../train/workflows/experiment/grid.js');
  const { markdownResults, resultRows } = await import('../train/workflows/experiment/results-table.js');
  const { gridResults } = await import('../train/workflows/experiment/run-grid.js');
  const grid = parseGrid(await readConfigFile(file));
  await mkdir(output, { recursive: true });
  const isComplete = table || (await runMissing(grid, output, part, backend));
  const results = await gridResults(grid, output);
  const rows = resultRows(results);
  await writeFileAtomic(join(output, 'results.json'), `${JSON.stringify({ rows, cells: results }, null, 2)}\n`);
  await writeFileAtomic(join(output, 'table.md'), `${markdownResults(rows)}\n`);
  writeLine(`\n${markdownResults(rows)}`);
  return isComplete ? EXIT.ok : EXIT.interrupted;
}

async function runMissing(
  grid: Grid,
  output: string,
  part: ExperimentFlags['part'],
  backend: ExperimentFlags['backend'],
): Promise<boolean> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { runGrid } = await import('../train/workflows/experiment/run-grid.js');
  const signal = interruptSignal();
  const { description } = await openBackend({ backend });
  writeLine(`engine: ${description}`);
  return runGrid(grid, output, { ...part, signal, onMessage: writeLine });
}

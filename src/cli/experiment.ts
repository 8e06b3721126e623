import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { writeFileAtomic } from '../files/atomic-file.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import type { Grid } from '../train/workflows/experiment/grid.js';
import { backendOption, warn, writeLine } from './options.js';
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
    .option('--queue <address>', 'submit each run to workers through this Redis or Valkey (redis://host:6379)')
    .option('--wait', 'with --queue: stay until all runs are done, then write the table')
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
  readonly queue?: string;
  readonly wait?: boolean;
  readonly part?: { readonly part: number; readonly parts: number };
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs the missing trainings, here or over a queue, writes table.md and results.json. Returns the exit code. */
async function runExperiment(file: string, flags: ExperimentFlags): Promise<number> {
  const { output, table = false, part: share, queue, wait = false, backend } = flags;
  if (wait && queue === undefined) throw new FerError('USAGE', '--wait needs --queue');
  if (queue !== undefined && share !== undefined) throw new FerError('USAGE', 'give either --part or --queue');
  const { readConfigFile } = await import('../train/config/read-config.js');
  const { parseGrid } = await import('../train/workflows/experiment/grid.js');
  const grid = parseGrid(await readConfigFile(file));
  await mkdir(output, { recursive: true });
  if (!table && queue !== undefined) {
    const code = await runQueued(grid, output, queue, wait);
    return wait && code !== EXIT.interrupted ? Math.max(code, await writeTable(grid, output, true)) : code;
  }
  return writeTable(grid, output, table || (await runMissing(grid, output, share, backend)));
}

async function writeTable(grid: Grid, output: string, isComplete: boolean): Promise<number> {
  const { markdownResults, resultRows } = await import('../train/workflows/experiment/results-table.js');
  const { gridResults } = await import('../train/workflows/experiment/run-grid.js');
  const results = await gridResults(grid, output);
  const rows = resultRows(results);
  await writeFileAtomic(join(output, 'results.json'), `${JSON.stringify({ rows, cells: results }, null, 2)}\n`);
  await writeFileAtomic(join(output, 'table.md'), `${markdownResults(rows)}\n`);
  writeLine(`\n${markdownResults(rows)}`);
  return isComplete ? EXIT.ok : EXIT.interrupted;
}

/** Submits the runs, and stays until they are done. Returns the exit code. */
async function runQueued(grid: Grid, output: string, address: string, wait: boolean): Promise<number> {
  const { openQueue } = await import('../archive/queue/redis-connection.js');
  const { submitCells } = await import('../archive/queue/submit-cells.js');
  const { waitFor } = await import('../archive/queue/wait.js');
  const signal = interruptSignal();
  const archive = await openQueue(address, warn);
  const jobs: (readonly [string, string])[] = [];
  let failed = 0;
  try {
    const { added, known } = await submitCells(
      archive,
      grid,
      resolve(output),
      (id, name) => void jobs.push([id, name]),
    );
    writeLine(`submitted ${added} runs${known > 0 ? `; ${known} were submitted earlier` : ''}`);
    if (!wait) {
      writeLine('when they are done, the same command with --table instead of --queue writes the table');
      return EXIT.ok;
    }
    for await (const ended of waitFor(archive, Readable.from(jobs), signal)) {
      if ('failure' in ended) failed += 1;
      writeLine('failure' in ended ? `failed: ${ended.failure}` : `done: ${ended.input}`);
    }
    return failed > 0 ? EXIT.someFailed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof FerError) || error.code !== 'INTERRUPTED') throw error;
    writeLine('interrupted; workers do what was submitted, the same command continues');
    return EXIT.interrupted;
  } finally {
    await archive.close();
  }
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

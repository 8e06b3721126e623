import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { makeOutputFolder } from '../files/write-error.js';
import { FerError } from '../errors/fer-error.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import type { Grid } from '../train/workflows/experiment/grid.js';
import { EXIT, interruptSignal } from './exit.js';
import { backendOption, refuseOptions, submitOption, writeLine } from './options.js';
import { checkQueueOptions, runQueued } from './queued-task.js';

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
    .addOption(submitOption())
    .option('--wait', 'with --queue: wait until all runs are done')
    .addOption(backendOption())
    .addHelpText('after', '\nGrid file and output: docs/experiment.md')
    .action(async (grid: string, flags: ExperimentFlags, command: Command) => {
      if (flags.table === true)
        refuseOptions(command, ['part', 'queue', 'wait', 'backend'], 'has no effect with --table');
      checkQueueOptions(command);
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
  if (queue !== undefined && share !== undefined) throw new FerError('USAGE', 'give either --part or --queue');
  const { readConfigFile } = await import('../train/config/read-config.js');
  const { parseGrid } = await import('../train/workflows/experiment/grid.js');
  const given = parseGrid(await readConfigFile(file));
  const grid = queue === undefined ? given : await absoluteGrid(given);
  await makeOutputFolder(output);
  let code: number = EXIT.ok;
  if (!table && queue !== undefined) {
    const ended = await runOverQueue(grid, resolve(output), queue, wait);
    if (ended === EXIT.interrupted || (ended !== null && !wait)) return ended;
    // Runs that failed do not keep the others from their table.
    code = ended ?? EXIT.ok;
  } else if (!table && !(await runMissing(grid, output, share, backend))) code = EXIT.interrupted;
  const { writeResults } = await import('../train/workflows/experiment/results-table.js');
  writeLine(`\n${(await writeResults(grid, output)).table}`);
  return code;
}

async function runOverQueue(grid: Grid, output: string, queue: string, wait: boolean): Promise<number | null> {
  const { layOut } = await import('../train/workflows/experiment/grid.js');
  layOut(grid); // its settings are checked before it is submitted
  const task = { name: 'experiment', path: output, title: `experiment ${output}`, settings: { grid, output } } as const;
  return runQueued(queue, task, { wait }, { write: writeLine, progress: process.stderr, signal: interruptSignal() });
}

/** The grid with absolute paths: workers have working folders of their own. */
export async function absoluteGrid(grid: Grid): Promise<Grid> {
  const { absoluteData, absoluteModel } = await import('../archive/queue/submit.js');
  const { RECOGNITION } = await import('../train/config/train-config.js');
  const paths = new Map<string, (text: string) => string>([
    ['data', absoluteData],
    ['moreData', absoluteData],
    ['classWords', (path) => resolve(path)],
    ['exclude.file', (path) => resolve(path)],
    ['init', (model) => (model === RECOGNITION ? model : absoluteModel(model))],
    ['distil.teachers', absoluteModel],
    ['network.encoder', absoluteModel],
    ['network.members', absoluteModel],
  ]);
  const absolute = (value: unknown, place: string): unknown => {
    if (Array.isArray(value)) return value.map((one) => absolute(one, place));
    if (typeof value === 'string') return paths.get(place)?.(value) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    return settingsAt(value, place);
  };
  const settingsAt = (settings: object, place = ''): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, absolute(value, place === '' ? key : `${place}.${key}`)]),
    );
  const each = (named: Grid['methods']): Grid['methods'] =>
    Object.fromEntries(Object.entries(named).map(([name, settings]) => [name, settingsAt(settings)]));
  return {
    ...grid,
    base: settingsAt(grid.base),
    start: grid.start === null ? null : settingsAt(grid.start),
    methods: each(grid.methods),
    conditions: each(grid.conditions),
  };
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

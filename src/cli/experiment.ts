import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import type { ExperimentFlags } from './run-experiment.js';

export function experimentCommand(program: Command): void {
  program
    .command('experiment')
    .summary('compare methods over conditions and seeds')
    .description(
      'Runs a grid of trainings (method x condition x seed), goes on where it was stopped, and writes one table of the results.',
    )
    .argument('<grid>', 'JSON file: base, start, methods, conditions, seeds, test')
    .option('-o, --output <dir>', 'where the runs and the table go', 'fer-experiment')
    .option('--part <i/n>', 'do only every n-th group of runs, from the i-th; start several to share the work', part)
    .option('--table', 'only write the table of the runs that are done')
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText('after', '\nWhat the grid file says, and what is written: docs/experiment.md')
    .action(async (grid: string, flags: ExperimentFlags) => {
      const { runExperiment } = await import('./run-experiment.js');
      process.exitCode = await runExperiment(grid, flags);
    });
}

function part(text: string): { part: number; parts: number } {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [number, count] = [Number(i), Number(n)];
  if (!(number >= 1 && number <= count)) throw new InvalidArgumentError('It must be such as 1/2.');
  return { part: number, parts: count };
}

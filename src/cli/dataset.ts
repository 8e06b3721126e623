import type { Command } from 'commander';
import { Option } from 'commander';
import { datasetPrepareCommand } from './dataset-prepare.js';
import { datasetSynthesizeCommand } from './dataset-synthesize.js';
import { number } from './number-option.js';
import type { DatasetCheckFlags } from './run-dataset-check.js';

export function datasetCommand(program: Command): void {
  const dataset = program.command('dataset').summary('check labelled data, cut out its faces, or make synthetic clips');
  dataset
    .command('check')
    .summary('count classes and find duplicates, damage and people in two splits')
    .argument('<format:dir>', 'a data set, such as ferplus:/data/ferplus or manifest:./own')
    .addOption(new Option('--split <name>', 'look at this split only').choices(['train', 'valid', 'test']))
    .option('--fold <n>', 'which fold of a set that has several, from 1', number)
    .option('--quick', 'do not read the files: no duplicates, no damage')
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      '\nExit code 1 when files or rows are missing or damaged.\nFormats and their folders: docs/datasets.md',
    )
    .action(async (location: string, flags: DatasetCheckFlags) => {
      const { runDatasetCheck } = await import('./run-dataset-check.js');
      process.exitCode = await runDatasetCheck(location, flags, {
        write: (line) => void process.stdout.write(`${line}\n`),
        progress: process.stderr,
      });
    });
  datasetPrepareCommand(dataset);
  datasetSynthesizeCommand(dataset);
}

import type { Command } from 'commander';
import { Option } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { number } from './number-option.js';
import type { DatasetPrepareFlags } from './run-dataset-prepare.js';

export function datasetPrepareCommand(dataset: Command): void {
  dataset
    .command('prepare')
    .summary('find, align and cut out all faces once, before training on them')
    .description(
      'Cuts the faces out of the images and clips of a data set as annotating does, and keeps the crops: give prepared:DIR wherever a data set is wanted.',
    )
    .argument('<format:dir>', 'a data set, such as ferplus:/data/ferplus or manifest:./own')
    .requiredOption('-o, --output <dir>', 'where the crops go; a run that was stopped goes on there')
    .addOption(new Option('--split <name>', 'this split only').choices(['train', 'valid', 'test']))
    .option('--fold <n>', 'which fold of a set that has several, from 1', number)
    .option('--fps <rate>', 'keep so many frames per second of a clip; all, if not given', number)
    .addOption(
      new Option('--no-face <what>', 'what to do with images in which no face is found')
        .choices(['whole', 'skip'])
        .default('whole'),
    )
    .option('--size <pixels>', 'side of the crops', number, 48)
    .option('--colour', 'crops in colour, not grey')
    .option('--features <model>', 'also keep what the frame encoder of this trained model makes of each crop')
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText(
      'after',
      '\nExit code 1 when samples could not be read; they are passed over.\nWhat is written, and what counts as the face: docs/prepare.md',
    )
    .action(async (location: string, flags: DatasetPrepareFlags) => {
      const { runDatasetPrepare } = await import('./run-dataset-prepare.js');
      const { interruptSignal } = await import('./interrupt.js');
      process.exitCode = await runDatasetPrepare(location, flags, {
        write: (line) => void process.stdout.write(`${line}\n`),
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

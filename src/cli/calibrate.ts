import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { facesOption } from './faces-option.js';
import { number } from './number-option.js';
import type { CalibrateFlags } from './run-calibrate.js';

export function calibrateCommand(program: Command): void {
  program
    .command('calibrate')
    .summary('make a model as sure as it is right')
    .description(
      'Finds the temperature of a model on labelled faces that it was not trained on, and writes it into the model folder. It changes no prediction, only how sure the posteriors are. Training does this by itself, on its validation part.',
    )
    .requiredOption('--model <dir>', 'the folder of a trained model')
    .requiredOption('--data <format:dir>', 'a data set, such as ferplus:/data/ferplus or manifest:./own')
    .addOption(
      new Option('--split <name>', 'which part of it; figures on that part say nothing of the model any more')
        .choices(['train', 'valid', 'test'])
        .default('valid'),
    )
    .option('--fold <n>', 'which fold of a set that has several, from 1', number)
    .addOption(facesOption().default('auto'))
    .option('--dry-run', 'only say what would be written')
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText(
      'after',
      '\nExample:\n  fer calibrate --model runs/nla/best --data manifest:./own --split valid\n\nWhat a temperature is: docs/evaluate.md#calibration',
    )
    .action(async (flags: CalibrateFlags) => {
      const { runCalibrate } = await import('./run-calibrate.js');
      const { interruptSignal } = await import('./interrupt.js');
      process.exitCode = await runCalibrate(flags, {
        write: (line) => void process.stdout.write(`${line}\n`),
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/model-names.js';
import { facesOption } from './faces-option.js';
import { number } from './number-option.js';
import type { EvaluateFlags } from './run-evaluate.js';

export function evaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .summary('test a model on labelled data')
    .description(
      'Tests a model on one split of a data set: accuracy, recall of each class, F1, calibration, confusion matrix.',
    )
    .option('--model <model>', `${MODEL_NAMES.join(', ')}, or the folder of a trained model`, DEFAULT_MODEL)
    .requiredOption('--data <format:dir>', 'a data set, such as ferplus:/data/ferplus or manifest:./own')
    .addOption(new Option('--split <name>', 'which part of it').choices(['train', 'valid', 'test']).default('test'))
    .option('--fold <n>', 'which fold of a set that has several, from 1', number)
    .addOption(facesOption().default('auto'))
    .option('--flip', 'average with the mirrored picture')
    .option('--ignore-missing', 'leave out classes that the model does not know; otherwise they count as wrong')
    .option('--json <file>', 'write the figures here')
    .option('--predictions <file>', 'write a CSV with every prediction here')
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText(
      'after',
      '\nExit code 1 when files are missing or damaged; the rest is tested.\n\nExamples:\n  fer evaluate --model runs/nla/best --data ferplus:/data/ferplus --split valid --json nla.json\n  fer evaluate --data manifest:./own --faces detect --ignore-missing\n\nWhat the figures are: docs/evaluate.md',
    )
    .action(async (flags: EvaluateFlags) => {
      const { runEvaluate } = await import('./run-evaluate.js');
      process.exitCode = await runEvaluate(flags, {
        write: (line) => void process.stdout.write(`${line}\n`),
        progress: process.stderr,
      });
    });
}

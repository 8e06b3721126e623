import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { number } from './number-option.js';
import type { TrainFlags } from './run-train.js';

export function trainCommand(program: Command): void {
  program
    .command('train')
    .summary('train a model on labelled images or video')
    .description(
      'Trains into a run folder: models of the best and the last epoch, tables, TensorBoard events and report.html.',
    )
    .argument('[data]', 'FORMAT:DIR, such as manifest:my-videos or ferplus:/data/ferplus')
    .option('-o, --output <dir>', 'run folder', 'fer-run')
    .addOption(
      new Option(
        '-p, --preset <name>',
        'method and settings to begin from; nla, if neither it nor --config is given',
      ).choices(['ce', 'nla', 'dnfer', 'v-naw']),
    )
    .option('-c, --config <file>', 'JSON file of settings, over the preset')
    .option('-s, --set <setting=value...>', 'single settings over both, such as optimizer.learningRate=0.001')
    .option('--resume', 'go on with the run in the folder after its last whole epoch')
    .option('--init <model>', 'model folder whose weights are the start, or face-api:recognition')
    .option('--encoder <model>', 'for clips: model folder of the frame network')
    .option('--exclude <csv>', 'audit.csv whose marked rows are not trained on')
    .option('--epochs <n>', 'how often every sample is seen', number)
    .option('--batch-size <n>', 'images or clips a step', number)
    .option('--learning-rate <rate>', 'of the optimiser', number)
    .option('--seed <n>', 'of everything drawn by chance', number)
    .option('--fold <n>', 'for data sets that come in folds', number)
    .option('--workers <n>', 'threads that share every batch', number, 1)
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  fer train manifest:my-videos --preset nla -o runs/first\n  fer train ferplus:/data/ferplus --preset dnfer --epochs 60 --set network.width=48\n  fer train --config runs/first/config.json -o runs/first --resume\n\nAll settings, and what is written: docs/train.md',
    )
    .action(async (data: string | undefined, flags: TrainFlags) => {
      const { runTrain } = await import('./run-train.js');
      process.exitCode = await runTrain(data, flags);
    });
}

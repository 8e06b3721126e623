import { Option } from 'commander';
import type { Command } from 'commander';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import type { Settings } from '../train/config/read-config.js';
import { epochLine } from './epoch-line.js';
import { EXIT, interruptSignal } from './exit.js';
import { backendOption, number } from './options.js';
import { Progress } from './progress.js';
import { parseSettings } from './settings.js';

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
    .option('-s, --set <setting=value...>', 'single settings over both, such as optimizer.lr=0.001')
    .option('--resume', 'go on with the run in the folder after its last whole epoch')
    .option('--init <model>', 'model folder whose weights are the start, or face-api:recognition')
    .option('--encoder <model>', 'for clips: model folder of the frame network')
    .option('--exclude <csv>', 'audit.csv whose marked rows are not trained on')
    .option('--epochs <n>', 'how often every sample is seen', number)
    .option('--batch-size <n>', 'images or clips a step', number)
    .option('--lr <rate>', 'of the optimiser', number)
    .option('--seed <n>', 'of everything drawn by chance', number)
    .option('--fold <n>', 'for data sets that come in folds', number)
    .option('--workers <n>', 'threads that share every batch', number, 1)
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fer train manifest:my-videos --preset nla -o runs/first\n  fer train ferplus:/data/ferplus --preset dnfer --epochs 60 --set network.width=48\n  fer train --config runs/first/config.json -o runs/first --resume\n\nAll settings, and what is written: docs/train.md',
    )
    .action(async (data: string | undefined, flags: TrainFlags) => {
      process.exitCode = await runTrain(data, flags);
    });
}

/** The options of `fer train` as the command line gives them. */
interface TrainFlags {
  readonly output: string;
  readonly preset?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly resume?: boolean;
  readonly init?: string;
  readonly encoder?: string;
  readonly exclude?: string;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly seed?: number;
  readonly fold?: number;
  readonly workers: number;
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Trains, with a progress line on stderr and one line an epoch on stdout. Returns the exit code. */
async function runTrain(data: string | undefined, flags: TrainFlags): Promise<number> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { readConfigFile, resolveConfig } = await import('../train/config/read-config.js');
  const { train } = await import('../train/trainer/train.js');
  const config = resolveConfig(
    flags.preset ?? (flags.config === undefined ? 'nla' : null),
    flags.config === undefined ? {} : await readConfigFile(flags.config),
    spoken(data, flags),
    parseSettings(flags.set ?? []),
  );
  const signal = interruptSignal();
  const { description } = await openBackend({ backend: flags.backend });
  const say = (line: string): void => {
    progress.clear();
    process.stdout.write(`${line}\n`);
  };
  const progress = new Progress(process.stderr, 'samples');
  say(`training on ${description}`);
  let epochShown = 0;
  let isReading = false;
  const outcome = await train(config, flags.output, {
    resume: flags.resume === true,
    workers: flags.workers,
    signal,
    onMessage: say,
    onRead: (done, total) => {
      if (!isReading) progress.start('reading images', total);
      isReading = true;
      progress.update(done);
    },
    onStep: ({ epoch, done, total, loss }) => {
      if (epoch !== epochShown) progress.start(`epoch ${epoch}/${config.epochs}`, total);
      epochShown = epoch;
      progress.update(done, `loss ${loss.toFixed(3)}`);
    },
    onEpoch: (record, isBest) => {
      say(epochLine(record, config.epochs, isBest));
    },
  });
  if (!outcome.isComplete) {
    say(`stopped after epoch ${outcome.history.length}; go on with --resume`);
    return EXIT.interrupted;
  }
  say(`model of the best epoch (${outcome.bestEpoch}): ${outcome.folder.best}`);
  return EXIT.ok;
}

function spoken(
  data: string | undefined,
  { init, encoder, exclude, epochs, batchSize, lr, seed, fold }: TrainFlags,
): Settings {
  return {
    ...{ data, init, epochs, batchSize, seed, fold },
    ...(lr === undefined ? {} : { optimizer: { lr } }),
    ...(exclude === undefined ? {} : { exclude: { file: exclude } }),
    ...(encoder === undefined ? {} : { network: { name: 'temporal', encoder } }),
  };
}

import { Option } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import type { Settings } from '../train/config/read-config.js';
import { EXIT, interruptSignal } from './exit.js';
import { backendOption, labelsOption, number } from './options.js';
import { Progress, epochLine } from './progress.js';

type Tree = { [key: string]: unknown };

/**
 * Settings on the command line: "optimizer.lr=0.001" is { optimizer: { lr: 0.001 } }. Values are JSON if
 * valid, else text.
 * @throws FerError USAGE for one without "="
 */
export function parseSettings(assignments: readonly string[]): Readonly<Record<string, unknown>> {
  // Without a prototype: "__proto__" is a name like any other, and refused as unknown.
  const root = Object.create(null) as Tree;
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1)
      throw new FerError(
        'USAGE',
        `--set ${assignment}: write setting=value, as in optimizer.lr=0.001, and the data set before --set`,
      );
    const path = assignment.slice(0, equals).split('.');
    let place = root;
    for (const key of path.slice(0, -1)) {
      const next = place[key];
      place = place[key] = Object.assign(Object.create(null) as Tree, typeof next === 'object' ? next : {});
    }
    place[path.at(-1)!] = valueOf(assignment.slice(equals + 1));
  }
  return root;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function trainCommand(program: Command): void {
  program
    .command('train')
    .summary('train a model on labelled images or video')
    .description(
      'Trains a model and writes a run folder: models of the best and last epoch, tables, TensorBoard events, report.html.',
    )
    .argument('[data]', 'FORMAT:DIR, such as manifest:my-videos or ferplus:/data/ferplus')
    .option('-o, --output <dir>', 'run folder', 'fer-run')
    .addOption(
      new Option('-p, --preset <name>', 'method with its settings (default: nla, unless --config is given)').choices([
        'ce',
        'nla',
        'dnfer',
        'v-naw',
      ]),
    )
    .option('-c, --config <file>', 'JSON file of settings; overrides the preset')
    .option('-s, --set <setting=value...>', 'single settings over both, such as optimizer.lr=0.001')
    .option('--resume', 'resume the run in the output folder')
    .option('--init <model>', 'initial weights: default, a model folder, or face-api:recognition')
    .option('--encoder <model>', 'frame network for clips: default, or a model folder')
    .option('--exclude <csv>', 'leave out the rows marked in this audit.csv')
    .option('--epochs <n>', 'passes over the data', number)
    .option('--batch-size <n>', 'images or clips per step', number)
    .option('--lr <rate>', 'learning rate of the optimizer', number)
    .option('--seed <n>', 'random seed', number)
    .option('--fold <n>', 'fold of a data set with several, from 1', number)
    .addOption(labelsOption())
    .option('--workers <n>', 'training threads', number, 1)
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fer train manifest:my-videos --preset nla -o runs/first\n  fer train ferplus:/data/ferplus --preset dnfer --epochs 60 --set network.width=48\n  fer train --config runs/first/config.json -o runs/first --resume\n\nSettings and output: docs/train.md',
    )
    .action(async (data: string | undefined, flags: TrainFlags) => {
      process.exitCode = await runTrain(data, flags);
    });
}

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
  readonly labels?: string;
  readonly workers: number;
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Progress goes to stderr, one line per epoch to stdout. Returns the exit code. */
async function runTrain(data: string | undefined, flags: TrainFlags): Promise<number> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { fineTuneSettings, readConfigFile, resolveConfig } = await import('../train/config/read-config.js');
  const { train } = await import('../train/workflows/train.js');
  const { RECOGNITION } = await import('../train/config/train-config.js');
  const startsFromModel = flags.init !== undefined && flags.init !== RECOGNITION && flags.preset !== 'v-naw';
  const config = resolveConfig(
    flags.preset ?? (flags.config === undefined ? 'nla' : null),
    startsFromModel && flags.encoder === undefined ? await fineTuneSettings(flags.init) : {},
    flags.config === undefined ? {} : await readConfigFile(flags.config),
    settingsFromFlags(data, flags),
    parseSettings(flags.set ?? []),
  );
  const signal = interruptSignal();
  const { description } = await openBackend({ backend: flags.backend });
  const say = (line: string): void => {
    progress.clear();
    process.stdout.write(`${line}\n`);
  };
  const progress = new Progress(process.stderr, 'samples');
  say(`engine: ${description}`);
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
    say(`stopped after epoch ${outcome.history.length}; resume with --resume`);
    return EXIT.interrupted;
  }
  say(`model of the best epoch (${outcome.bestEpoch}): ${outcome.folder.best}`);
  return EXIT.ok;
}

function settingsFromFlags(
  data: string | undefined,
  { init, encoder, exclude, epochs, batchSize, lr, seed, fold, labels }: TrainFlags,
): Settings {
  return {
    ...{ data, init, epochs, batchSize, seed, fold, classWords: labels },
    ...(lr === undefined ? {} : { optimizer: { lr } }),
    ...(exclude === undefined ? {} : { exclude: { file: exclude } }),
    ...(encoder === undefined ? {} : { network: { name: 'temporal', encoder } }),
  };
}

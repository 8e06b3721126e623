import { openBackend } from '../model/engines/open-backend.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import { readConfigFile, resolveConfig } from '../train/config/read-config.js';
import type { Settings } from '../train/config/read-config.js';
import { train } from '../train/trainer/train.js';
import { epochLine } from './epoch-line.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';
import { Progress } from './progress.js';
import { parseSettings } from './settings.js';

/** The options of `fer train` as the command line gives them. */
export interface TrainFlags {
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
  readonly learningRate?: number;
  readonly seed?: number;
  readonly fold?: number;
  readonly workers: number;
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Trains, with a progress line on stderr and one line an epoch on stdout. Returns the exit code. */
export async function runTrain(data: string | undefined, flags: TrainFlags): Promise<number> {
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
  { init, encoder, exclude, epochs, batchSize, learningRate, seed, fold }: TrainFlags,
): Settings {
  return {
    ...{ data, init, epochs, batchSize, seed, fold },
    ...(learningRate === undefined ? {} : { optimizer: { learningRate } }),
    ...(exclude === undefined ? {} : { exclude: { file: exclude } }),
    ...(encoder === undefined ? {} : { network: { name: 'temporal', encoder } }),
  };
}

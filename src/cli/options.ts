import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { readText } from '../files/text-file.js';
import { ROTATIONS } from '../ingest/face/detect/quarter-turn.js';
import type { PriorChoice } from '../model/class-prior.js';
import { BACKEND_NAMES, TFJS_BACKENDS } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/expression-model.js';
import { FORMAT_NAMES } from '../stream/results/output-format.js';
import { FACE_CHOICES, SPLITS } from '../train/data/sample.js';
import type { FaceChoice, Split } from '../train/data/sample.js';

export function queueOption(): Option {
  return new Option('--queue <address>', 'Redis or Valkey with the jobs: redis://host:6379')
    .env('FERSTREAM_QUEUE')
    .makeOptionMandatory();
}

export function submitOption(): Option {
  return new Option(
    '--queue <address>',
    'submit to workers through this Redis or Valkey (redis://host:6379) instead of running here',
  );
}

export function warn(line: string): void {
  process.stderr.write(`warning: ${line}\n`);
}

// Options that several commands share.

/** @param trains the command needs more of an engine than running finished networks */
export function backendOption({ trains = true }: { readonly trains?: boolean } = {}): Option {
  return new Option('--backend <name>', 'compute engine (default: the fastest that works)').choices([
    'auto',
    ...(trains ? TFJS_BACKENDS : BACKEND_NAMES),
  ]);
}

export function cutterWorkersOption(): Option {
  return new Option(
    '--workers <n>',
    'threads that find faces; 0 uses none (default: one for each core, at most 8)',
  ).argParser(number);
}

export function modelOption(): Option {
  return new Option('--model <model>', `expression model: ${MODEL_NAMES.join(', ')}, or a model folder`).default(
    DEFAULT_MODEL,
  );
}

export function priorOption(): Option {
  return new Option(
    '--prior <prior>',
    'class frequencies that posteriors assume: training, uniform, balanced (between them), auto (estimated from the input), or a JSON file {"label": frequency}',
  ).default('balanced');
}

/** A prior by name, or the frequencies in a JSON file. */
export async function readPrior(text: string): Promise<PriorChoice> {
  const { PRIORS } = await import('../model/class-prior.js');
  const name = PRIORS.find((known) => known === text);
  if (name !== undefined) return name;
  const wrong = (why: string): FerError =>
    new FerError(
      'CONFIG_INVALID',
      `--prior ${text}: ${why}; give ${PRIORS.join(', ')}, or a JSON file such as {"neutral": 0.7, "happiness": 0.3}`,
    );
  const json = await readText(text).catch(() => {
    throw wrong('is neither a prior nor a file');
  });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw wrong('is not JSON');
  }
  const isNumbers =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((n) => typeof n === 'number');
  if (!isNumbers) throw wrong('does not hold a frequency for each label');
  return value as Record<string, number>;
}

export function rotateOption(): Option {
  return new Option('--rotate <degrees>', `clockwise turn that makes the footage upright: ${ROTATIONS.join(', ')}`)
    .default('auto')
    .argParser((text) => {
      const rotation = ROTATIONS.find((known) => String(known) === text);
      if (rotation === undefined) throw new InvalidArgumentError(`Give one of ${ROTATIONS.join(', ')}.`);
      return rotation;
    });
}

/** What names the labelled faces that a command measures a model on. */
export interface LabelledDataFlags {
  readonly data: string;
  readonly split: Split;
  readonly fold?: number;
  readonly labels?: string;
  readonly faces: FaceChoice;
}

/** @param split what it is for, and its default */
export function addLabelledDataOptions(command: Command, split: string, byDefault: Split): Command {
  return command
    .requiredOption('--data <format:dir>', 'data set, such as ferplus:/data/ferplus or manifest:./own')
    .addOption(splitOption(split).default(byDefault))
    .addOption(foldOption())
    .addOption(labelsOption())
    .addOption(facesOption().default('auto'));
}

export function splitOption(description: string): Option {
  return new Option('--split <name>', description).choices(SPLITS);
}

export function foldOption(): Option {
  return new Option('--fold <n>', 'fold of a data set with several, from 1').argParser(number);
}

export function labelsOption(): Option {
  return new Option('--labels <file>', 'translates class words or numbers: lines of "word = label"');
}

export function facesOption(): Option {
  return new Option(
    '--faces <how>',
    'take images as they are, detect and align faces, or as the model was trained (auto); videos are always searched for faces',
  ).choices(FACE_CHOICES);
}

/** A number on the command line; ranges are checked where the option is used. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Parses a whole number between two limits, both allowed. */
export function wholeNumber(least: number, most = Infinity): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const limits = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Give a whole number ${limits}.`);
  };
}

/** @throws FerError USAGE naming the first of the options, by attribute, that the command line or its --config has. */
export function refuseOptions(command: Command, attributes: readonly string[], reason: string): void {
  const isGiven = (name: string): boolean =>
    ['cli', 'config'].includes(command.getOptionValueSource(name) ?? '') && command.getOptionValue(name) !== false;
  const given = command.options.find(
    (option) => attributes.includes(option.attributeName()) && isGiven(option.attributeName()),
  );
  if (given !== undefined) throw new FerError('USAGE', `${given.long ?? given.flags} ${reason}`);
}

/** Refuses options about finding faces for data whose faces are cut out already. @throws FerError USAGE */
export function checkFaceOptions(command: Command, data: string | undefined): void {
  if (data?.startsWith('prepared:') === true)
    refuseOptions(command, ['faces', 'workers'], 'has no effect on prepared data, whose faces are cut out already');
}

/** Why an option about the machine is refused. */
export const WORKERS_DECIDE = 'has no effect with --queue: give it to fer worker';

export function detectEveryOption(): Option {
  return new Option(
    '--detect-every <n>',
    'detect faces on every n-th frame and track them in between; auto: when needed',
  )
    .argParser((text: string) => (text === 'auto' ? text : number(text)))
    .default('auto');
}

/** Where commands print results. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The formats of a comma-separated list; "all" is everything but the overlay. */
export async function parseFormats(list: string): Promise<string[]> {
  const { outputFormat } = await import('../stream/output/formats.js');
  const names = list.split(',').map((name) => name.trim());
  const textual = FORMAT_NAMES.filter((name) => name !== 'overlay');
  return [...new Set(names.flatMap((name) => (name === 'all' ? textual : [outputFormat(name).name])))];
}

/** "auto", "off" or seconds. */
function parseBaseline(text: string): 'auto' | 'off' | number {
  return text === 'auto' || text === 'off' ? text : number(text);
}

export function baselineOption(): Option {
  return new Option(
    '--baseline <choice>',
    "also give expressions relative to each person's resting face: auto (whole recording), or its first SECONDS; off",
  ).argParser(parseBaseline);
}

/** For options that may be given several times. */
export function repeated(text: string, all: readonly string[]): string[] {
  return [...all, text];
}

import { Option } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { DEFAULT_CROP } from '../model/crop-geometry.js';
import type { BackendName } from '../model/engines/backend.js';
import type { PrepareSummary } from '../train/data/preprocess/prepare-dataset.js';
import type { NoFace } from '../train/data/preprocess/settings.js';
import type { Split } from '../train/data/sample.js';
import { EXIT } from './exit.js';
import { backendOption, foldOption, number, splitOption, writeLine } from './options.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';

export function datasetPrepareCommand(dataset: Command): void {
  dataset
    .command('prepare')
    .summary('find, align and cut out all faces once, before training on them')
    .description(
      'Cuts the faces out of the images and clips of a data set as annotating does, and keeps the crops: give prepared:DIR wherever a data set is wanted.',
    )
    .argument('<format:dir>', 'a data set, such as ferplus:/data/ferplus or manifest:./own')
    .requiredOption('-o, --output <dir>', 'where the crops go; a run that was stopped goes on there')
    .addOption(splitOption('use this split only'))
    .addOption(foldOption())
    .option('--fps <rate>', 'keep so many frames per second of a clip; all, if not given', number)
    .addOption(
      new Option('--no-face <what>', 'what to do with images in which no face is found')
        .choices(['whole', 'skip'])
        .default('whole'),
    )
    .option('--size <pixels>', 'side of the crops', number, 48)
    .option('--colour', 'crops in colour, not grey')
    .option('--features <model>', 'also keep what the frame encoder of this trained model makes of each crop')
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExit code 1 when samples could not be read; they are passed over.\nWhat is written, and what counts as the face: docs/prepare.md',
    )
    .action(async (location: string, flags: DatasetPrepareFlags) => {
      process.exitCode = await runDatasetPrepare(location, flags, {
        write: writeLine,
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

interface DatasetPrepareFlags {
  readonly output: string;
  readonly split?: Split;
  readonly fold?: number;
  readonly fps?: number;
  /** Of `--no-face`, which commander takes for the opposite of an option `--face`. */
  readonly face: NoFace;
  readonly size: number;
  readonly colour?: boolean;
  readonly features?: string;
  readonly backend?: BackendName | 'auto';
}

interface PrepareIo {
  write(line: string): void;
  readonly progress: ProgressTarget;
  readonly signal?: AbortSignal;
}

/** How many examples of a finding are printed. */
const EXAMPLES = 5;

/** Prepares a data set, shows how it goes, and returns the exit code. */
export async function runDatasetPrepare(location: string, flags: DatasetPrepareFlags, io: PrepareIo): Promise<number> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { openDataset } = await import('../train/data/formats/registry.js');
  const { prepareDataset } = await import('../train/data/preprocess/prepare-dataset.js');
  const { prepareFeatures } = await import('../train/data/preprocess/prepare-features.js');
  const { output, split, fold, fps = null, face: noFace, size, colour = false, features, backend } = flags;
  const dataset = await openDataset(location, {
    ...(split !== undefined && { split }),
    ...(fold !== undefined && { fold }),
  });
  const { description } = await openBackend({ backend });
  io.progress.write(`engine: ${description}\n`);
  try {
    const geometry = { ...DEFAULT_CROP, size, channels: colour ? 3 : 1 } as const;
    const summary = await withProgress(io, `preparing ${dataset.name}`, 'samples', (report) =>
      prepareDataset(dataset, output, {
        geometry,
        framesPerSecond: fps,
        noFace,
        ...(io.signal && { signal: io.signal }),
        onProgress: ({ done, total, resumed }) => {
          report(done, total, resumed);
        },
      }),
    );
    for (const line of summaryLines(dataset.name, output, summary)) io.write(line);
    const missed = dataset.problems.length;
    if (missed > 0)
      io.write(
        `passed over, for the file is missing or the row was not understood: ${missed}; "fer dataset check ${location}" names them`,
      );
    if (features !== undefined) {
      const { crops, dimensions, resumed } = await withProgress(io, 'features', 'crops', (report) =>
        prepareFeatures(output, features, { ...(io.signal && { signal: io.signal }), onProgress: report }),
      );
      io.write(
        `features: ${dimensions} values for each of ${crops} crops and its mirror image, by ${features}${resumed === crops ? ' (done before)' : ''}`,
      );
    }
    return missed + summary.failures.length > 0 ? EXIT.someFailed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof FerError && error.code === 'INTERRUPTED')) throw error;
    io.write(`interrupted; what is done is kept in ${output}, the same command goes on from here`);
    return EXIT.interrupted;
  }
}

type Report = (done: number, total: number, resumed: number) => void;

async function withProgress<T>(
  { progress: target }: PrepareIo,
  label: string,
  unit: string,
  work: (report: Report) => Promise<T>,
): Promise<T> {
  const progress = new Progress(target, unit);
  let isStarted = false;
  try {
    return await work((done, total, resumed) => {
      // What a former run did says nothing about the speed of this one.
      if (!isStarted) progress.start(resumed === 0 ? label : `${label}, after ${resumed} done before`, total - resumed);
      isStarted = true;
      progress.update(done - resumed);
    });
  } finally {
    progress.clear();
  }
}

/** What became of a data set, for a person. */
function summaryLines(
  name: string,
  output: string,
  { samples, resumed, crops, counts, failures, damaged }: PrepareSummary,
): readonly string[] {
  const state = resumed === 0 ? '' : resumed === samples ? ' (done before)' : ` (${resumed} of them done before)`;
  return [
    `${name}: ${samples} samples${state}, ${crops} crops in ${output}`,
    `  face found        ${counts.detected}`,
    `  whole image used  ${counts.whole}`,
    `  no face           ${counts.none}`,
    `  failed            ${counts.failed}`,
    ...examples(
      'could not be read',
      failures.map(({ id, reason }) => `${id}: ${reason}`),
    ),
    ...examples(
      'read with damage',
      damaged.map(({ id, note }) => `${id}: ${note}`),
    ),
  ];
}

function examples(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - EXAMPLES;
  return [
    `${title}:`,
    ...lines.slice(0, EXAMPLES).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  and ${rest} more (samples.jsonl has all)`] : []),
  ];
}

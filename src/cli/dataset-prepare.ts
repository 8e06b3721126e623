import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { DEFAULT_CROP } from '../model/crop-geometry.js';
import type { BackendName } from '../model/engines/backend.js';
import type { PrepareSummary } from '../train/data/preprocess/prepare-dataset.js';
import type { NoFace, PrepareSettings } from '../train/data/preprocess/prepared-header.js';
import type { ReadOptions, Split } from '../train/data/sample.js';
import { EXIT, interruptSignal } from './exit.js';
import {
  backendOption,
  cutterWorkersOption,
  foldOption,
  labelsOption,
  number,
  splitOption,
  writeLine,
} from './options.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';
import { SAMPLES_PER_JOB, addQueueOptions, checkQueueOptions, runQueued } from './queued-task.js';
import type { QueuedFlags } from './queued-task.js';

export function datasetPrepareCommand(dataset: Command): void {
  const command = dataset
    .command('prepare')
    .summary('detect, align and crop all faces once, before training')
    .description('Crops the faces of all images and clips, as annotate does. Use the result as data set prepared:DIR.')
    .argument('<format:dir>', 'data set, such as ferplus:/data/ferplus or manifest:./own')
    .requiredOption('-o, --output <dir>', 'output folder; an interrupted run resumes there')
    .addOption(splitOption('use this split only'))
    .addOption(foldOption())
    .addOption(labelsOption())
    .option('--fps <rate>', 'sample clips at this frame rate (default: every frame)', number)
    .addOption(
      new Option('--no-face <what>', 'images without a face: store the whole picture, or skip')
        .choices(['whole', 'skip'])
        .default('whole'),
    )
    .option('--size <pixels>', 'side of the square crops', number, 48)
    .option('--colour', 'colour crops (default: grey)')
    .option('--features <model>', 'also store the features this model computes for each crop')
    .addOption(cutterWorkersOption())
    .addOption(backendOption({ trains: false }));
  addQueueOptions(command)
    .addHelpText(
      'after',
      '\nExit code 1 when samples could not be read; they are skipped.\nOutput format and choice of the face: docs/prepare.md',
    )
    .action(async (location: string, flags: DatasetPrepareFlags, own: Command) => {
      checkQueueOptions(own);
      process.exitCode = await runDatasetPrepare(location, flags, {
        write: writeLine,
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

interface DatasetPrepareFlags extends Partial<QueuedFlags> {
  readonly output: string;
  readonly split?: Split;
  readonly fold?: number;
  readonly labels?: string;
  readonly fps?: number;
  /** Of `--no-face`, which commander takes for the opposite of an option `--face`. */
  readonly face: NoFace;
  readonly size: number;
  readonly colour?: boolean;
  readonly features?: string;
  readonly workers?: number;
  readonly backend?: BackendName | 'auto';
}

interface PrepareIo {
  write(line: string): void;
  readonly progress: ProgressTarget;
  readonly signal?: AbortSignal;
}

/** How many examples of a finding are printed. */
const EXAMPLES = 5;

/** Returns the exit code. */
export async function runDatasetPrepare(location: string, flags: DatasetPrepareFlags, io: PrepareIo): Promise<number> {
  const { openDataset } = await import('../train/data/formats/registry.js');
  const { prepareDataset } = await import('../train/data/preprocess/prepare-dataset.js');
  const { writeContactSheet } = await import('../train/report/contact-sheet.js');
  const { prepareFeatures } = await import('../train/data/preprocess/prepare-features.js');
  const {
    output,
    split,
    fold,
    labels,
    fps = null,
    face: noFace,
    size,
    colour = false,
    features,
    workers,
    backend,
  } = flags;
  const geometry = { ...DEFAULT_CROP, size, channels: colour ? 3 : 1 } as const;
  const settings = { geometry, framesPerSecond: fps, noFace };
  const read = {
    ...(split !== undefined && { split }),
    ...(fold !== undefined && { fold }),
    ...(labels !== undefined && { labels }),
  };
  const dataset = await openDataset(location, read);
  if (features !== undefined) await requireFrameModel(features);
  if (flags.queue !== undefined) {
    const ended = await prepareQueued(location, read, settings, flags, io);
    // Done: what follows reads and prints the results.
    if (ended !== null) return ended;
  }
  try {
    const summary = await withProgress(io, `preparing ${dataset.name}`, 'samples', (report) =>
      prepareDataset(dataset, output, {
        ...settings,
        ...{ backend, workers },
        ...(io.signal && { signal: io.signal }),
        onEngine: ({ description }) => {
          io.progress.write(`engine: ${description}\n`);
        },
        onProgress: ({ done, total, resumed }) => {
          report(done, total, resumed);
        },
      }),
    );
    for (const line of summaryLines(dataset.name, output, summary)) io.write(line);
    const { path, flawed } = await writeContactSheet(output);
    io.write(`  no whole face     ${flawed} (blurred or cut off; training leaves them out)`);
    io.write(`contact sheet, worst crops first: ${path}`);
    const missed = dataset.problems.length;
    if (missed > 0)
      io.write(`skipped, missing files or unreadable rows: ${missed}; run: fer dataset check ${location}`);
    if (features !== undefined) {
      const { openTfjsBackend } = await import('../model/engines/open-backend.js');
      await openTfjsBackend(backend);
      const { crops, dimensions, resumed } = await withProgress(io, 'features', 'crops', (report) =>
        prepareFeatures(output, features, { ...(io.signal && { signal: io.signal }), onProgress: report }),
      );
      io.write(
        `features: ${dimensions} values for each of ${crops} crops and its mirror image, by ${features}${resumed === crops ? ' (done earlier)' : ''}`,
      );
    }
    return missed + summary.failures.length > 0 ? EXIT.someFailed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof FerError && error.code === 'INTERRUPTED')) throw error;
    io.write(`interrupted; ${output} keeps finished work; the same command resumes`);
    return EXIT.interrupted;
  }
}

/** Looks for the model before hours of work. @throws FerError WEIGHTS_MISSING */
async function requireFrameModel(model: string): Promise<void> {
  const { FRAME_PART, trainedPart } = await import('../model/heads/model-folder.js');
  await trainedPart(model, FRAME_PART);
}

async function prepareQueued(
  location: string,
  read: ReadOptions,
  prepare: PrepareSettings,
  { queue, wait, samplesPerJob = SAMPLES_PER_JOB, output: folder, features }: DatasetPrepareFlags,
  io: PrepareIo,
): Promise<number | null> {
  const { absoluteData, absoluteModel } = await import('../archive/queue/submit.js');
  const output = resolve(folder);
  const settings = {
    data: absoluteData(location),
    read: read.labels === undefined ? read : { ...read, labels: resolve(read.labels) },
    ...{ output, prepare, samplesPerJob },
    features: features === undefined ? null : absoluteModel(features),
  };
  const task = { name: 'prepare', path: output, title: `prepare ${output}`, settings } as const;
  return runQueued(queue!, task, { wait }, io);
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
      // Samples of an earlier run do not count for the rate.
      if (!isStarted) progress.start(resumed === 0 ? label : `${label}, ${resumed} done earlier`, total - resumed);
      isStarted = true;
      progress.update(done - resumed);
    });
  } finally {
    progress.clear();
  }
}

function summaryLines(
  name: string,
  output: string,
  { samples, resumed, crops, counts, failures, damaged }: PrepareSummary,
): readonly string[] {
  const state = resumed === 0 ? '' : resumed === samples ? ' (done earlier)' : ` (${resumed} of them done earlier)`;
  return [
    `${name}: ${samples} samples${state}, ${crops} crops in ${output}`,
    `  face found        ${counts.detected}`,
    `  whole image used  ${counts.whole}${counts.whole > 0 ? ' (no face detected; training leaves them out unless noFace=whole)' : ''}`,
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

import { Option } from 'commander';
import type { Command } from 'commander';
import { SPLITS } from '../train/data/sample.js';
import type { Split } from '../train/data/sample.js';
import type { SynthesisReport } from '../train/data/synthesize/synthesize-clips.js';
import { EXIT } from './exit.js';
import { number, writeLine } from './options.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';
import { textTable } from './text-table.js';

export function datasetSynthesizeCommand(dataset: Command): void {
  dataset
    .command('synthesize')
    .summary('make synthetic clips, labelled by frame, from still images')
    .description(
      'Makes clips of still face images that drift and dissolve into each other, with wrong labels on some training frames and the true ones beside them.',
    )
    .argument('<format:dir>', 'a data set of labelled images, such as ferplus:/data/ferplus')
    .requiredOption('-o, --output <dir>', 'where the clips go; read them as manifest:DIR')
    .option('--clips <n>', 'training clips', number, 600)
    .option('--valid-clips <n>', 'validation clips, of training images set aside', number, 100)
    .option('--test-clips <n>', 'test clips, of the images of another official split', number, 150)
    .addOption(
      new Option('--test-split <name>', 'that split; test, or valid where test has no images, if not given').choices([
        'valid',
        'test',
      ]),
    )
    .option('--frames <n>', 'frames in a clip', number, 32)
    .option('--size <pixels>', 'side of the frames', number, 48)
    .option('--colour', 'frames in colour, not grey')
    .option(
      '--frame-noise <share>',
      'share of the training frames with a wrong label, each drawn on its own',
      number,
      0.2,
    )
    .option(
      '--balance <share>',
      'classes shown equally often (1), as often as they have images (0), or in between',
      number,
      1,
    )
    .option('--seed <n>', 'the same seed gives the same clips', number, 1)
    .option('--force', 'replace clips that were made before')
    .addHelpText('after', '\nHow the clips are made, and what they are not: docs/synthetic-clips.md')
    .action(async (location: string, flags: DatasetSynthesizeFlags) => {
      process.exitCode = await runDatasetSynthesize(location, flags, {
        write: writeLine,
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

interface DatasetSynthesizeFlags {
  readonly output: string;
  readonly clips: number;
  readonly validClips: number;
  readonly testClips: number;
  readonly testSplit?: Split;
  readonly frames: number;
  readonly size: number;
  readonly colour?: boolean;
  readonly frameNoise: number;
  readonly balance: number;
  readonly seed: number;
  readonly force?: boolean;
}

/** How many damaged files are named. */
const EXAMPLES = 5;

/** Makes the clips and says what came out. Returns the exit code. */
export async function runDatasetSynthesize(
  location: string,
  flags: DatasetSynthesizeFlags,
  io: { write(line: string): void; readonly progress: ProgressTarget; readonly signal?: AbortSignal },
): Promise<number> {
  const { withStills } = await import('../train/data/synthesize/image-pools.js');
  const { synthesizeClips } = await import('../train/data/synthesize/synthesize-clips.js');
  const { output, colour = false, force = false, ...options } = flags;
  const progress = new Progress(io.progress, 'clips');
  try {
    const report = await withStills(location, (dataset, crops) => {
      io.progress.write(`reading the images of ${dataset.name}\n`);
      return synthesizeClips(dataset, output, {
        ...options,
        ...{ crops, channels: colour ? 3 : 1, replace: force },
        onProgress: (done, total) => {
          if (done === 0) progress.start(`clips from ${dataset.name}`, total);
          progress.update(done);
        },
        ...(io.signal === undefined ? {} : { signal: io.signal }),
      });
    });
    progress.clear();
    for (const line of synthesisLines(report, output)) io.write(line);
  } finally {
    progress.clear();
  }
  return EXIT.ok;
}

/** The report for a person. */
function synthesisLines(
  { splits, testSplit, copies, damaged, options }: SynthesisReport,
  output: string,
): readonly string[] {
  const names = SPLITS.filter((split) => splits[split].clips > 0);
  return [
    ...textTable(
      ['synthetic', 'clips', 'frames', 'mislabelled', 'dissolving', 'images', 'of'],
      names.map((split) => {
        const { clips, frames, mislabelled, dissolving, images, imagesToChooseFrom } = splits[split];
        return [split, ...[clips, frames, mislabelled, dissolving, images, imagesToChooseFrom].map(String)];
      }),
    ),
    '',
    `seed ${options.seed}; ${copies} copies among the training images not used${testSplit === null ? '' : `; test clips show images of the official split "${testSplit}"`}`,
    ...damaged.slice(0, EXAMPLES).map(({ path, message }) => `not used, damaged: ${path}: ${message}`),
    ...(damaged.length > EXAMPLES ? [`not used, damaged: ${damaged.length - EXAMPLES} more`] : []),
    `labels to train with: manifest:${output}`,
    `the true ones:        manifest:${output}/manifest.true.jsonl`,
  ];
}

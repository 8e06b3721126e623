import { Option } from 'commander';
import type { Command } from 'commander';
import type { CropSource } from '../train/data/crops/crop-source.js';
import { SPLITS } from '../train/data/sample.js';
import type { Dataset, Split } from '../train/data/sample.js';
import { CLIP_STYLES } from '../train/data/synthesize/synthesis-options.js';
import type { ClipStyle } from '../train/data/synthesize/synthesis-options.js';
import type { SynthesisReport } from '../train/data/synthesize/synthesize-clips.js';
import { EXIT, interruptSignal } from './exit.js';
import { foldOption, labelsOption, number, writeLine } from './options.js';
import { Progress, textTable } from './progress.js';
import type { ProgressTarget } from './progress.js';

export function datasetSynthesizeCommand(dataset: Command): void {
  dataset
    .command('synthesize')
    .summary('make synthetic clips, labelled by frame, from still images')
    .description(
      'Makes clips of still face images that move and change from one expression to another. Some training frames get a wrong label; the true labels are written too.',
    )
    .argument('<format:dir>', 'data set of labelled images, such as ferplus:/data/ferplus')
    .requiredOption('-o, --output <dir>', 'output folder; use it as data set manifest:DIR')
    .addOption(
      new Option(
        '--style <name>',
        'dissolve: faces dissolve into others; episode: one face goes from rest to an expression and back',
      )
        .choices([...CLIP_STYLES])
        .default('dissolve'),
    )
    .addOption(foldOption())
    .addOption(labelsOption())
    .option('--clips <n>', 'training clips', number, 600)
    .option('--valid-clips <n>', 'validation clips, of held-out training images', number, 100)
    .option('--test-clips <n>', 'test clips, of another official split', number, 150)
    .addOption(
      new Option('--test-split <name>', 'official split for test clips (default: test, else valid)').choices([
        'valid',
        'test',
      ]),
    )
    .option('--frames <n>', 'frames per clip', number, 32)
    .option('--size <pixels>', 'side of the frames', number, 48)
    .option('--colour', 'colour frames (default: grey)')
    .option(
      '--frame-noise <share>',
      'share of training frames with a wrong label, independent of each other',
      number,
      0.2,
    )
    .option('--balance <share>', 'class frequencies: 1 equal, 0 as in the images, or in between', number, 1)
    .option('--seed <n>', 'random seed; the same seed gives the same clips', number, 1)
    .option('--force', 'replace existing clips')
    .addHelpText('after', '\nMethod and limits: docs/synthetic-clips.md')
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
  readonly style: ClipStyle;
  readonly clips: number;
  readonly validClips: number;
  readonly testClips: number;
  readonly testSplit?: Split;
  readonly fold?: number;
  readonly labels?: string;
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

/** Makes the clips and prints a summary. Returns the exit code. */
export async function runDatasetSynthesize(
  location: string,
  flags: DatasetSynthesizeFlags,
  io: { write(line: string): void; readonly progress: ProgressTarget; readonly signal?: AbortSignal },
): Promise<number> {
  const { withStills } = await import('../train/data/synthesize/image-pools.js');
  const { synthesizeClips } = await import('../train/data/synthesize/synthesize-clips.js');
  const { output, fold, labels, colour = false, force = false, ...options } = flags;
  const read = { ...(fold !== undefined && { fold }), ...(labels !== undefined && { labels }) };
  const progress = new Progress(io.progress, 'clips');
  try {
    const synthesize = (dataset: Dataset, crops: CropSource | null): Promise<SynthesisReport> => {
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
    };
    const report = await withStills(location, synthesize, read);
    progress.clear();
    for (const line of synthesisLines(report, output)) io.write(line);
  } finally {
    progress.clear();
  }
  return EXIT.ok;
}

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
    `noisy labels: manifest:${output}`,
    `true labels:  manifest:${output}/manifest.true.jsonl`,
  ];
}

import type { Split } from '../train/data/sample.js';
import { SPLITS } from '../train/data/sample.js';
import type { SynthesisReport } from '../train/data/synthesize/synthesize-clips.js';
import { synthesizeClips } from '../train/data/synthesize/synthesize-clips.js';
import { withStills } from '../train/data/synthesize/open-stills.js';
import { EXIT } from './exit-codes.js';
import type { ProgressTarget } from './progress.js';
import { Progress } from './progress.js';
import { textTable } from './text-table.js';

export interface DatasetSynthesizeFlags {
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

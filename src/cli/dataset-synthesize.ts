import type { Command } from 'commander';
import { Option } from 'commander';
import { number } from './number-option.js';
import type { DatasetSynthesizeFlags } from './run-dataset-synthesize.js';

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
      const { runDatasetSynthesize } = await import('./run-dataset-synthesize.js');
      const { interruptSignal } = await import('./interrupt.js');
      process.exitCode = await runDatasetSynthesize(location, flags, {
        write: (line) => void process.stdout.write(`${line}\n`),
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

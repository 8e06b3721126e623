import { Option } from 'commander';
import type { Command } from 'commander';
import type { AnnotateOptions } from '../stream/annotate/annotate-options.js';
import type { BatchOptions } from '../stream/annotate/batch.js';
import { FORMAT_NAMES } from '../stream/output/format-names.js';
import { outputFormat } from '../stream/output/formats.js';
import { BatchReport } from './batch-report.js';
import { interruptSignal } from './exit.js';
import { backendOption, modelOption, number } from './options.js';

const DEFAULT_FORMATS = 'jsonl,csv,summary';

export function annotateCommand(program: Command): void {
  program
    .command('annotate')
    .summary('write the expressions in recorded footage to files')
    .description(
      'Annotates videos, folders of images, whole folders, globs, http(s) URLs or standard input ("-"): every frame gets a result.',
    )
    .argument('<input...>', 'files, folders, globs, URLs or "-"')
    .option('-o, --output-dir <dir>', 'where the results go', 'fer-out')
    .option(
      '-f, --format <list>',
      `comma-separated: ${FORMAT_NAMES.join(', ')}; or "all" (everything but overlay)`,
      DEFAULT_FORMATS,
    )
    .option('--overlay', 'also write a video with boxes and expressions drawn in')
    .option('--force', 'annotate again what is done already')
    .addOption(backendOption())
    .addOption(
      new Option('--detector <name>', 'network that finds faces')
        .choices(['blazeface', 'tiny', 'ssd'])
        .default('blazeface'),
    )
    .addOption(modelOption())
    .option('--no-both-sides', 'do not look at the mirror image of each face too: faster, a little less often right')
    .option('--smoothing <seconds>', 'average expressions over so long (time constant); 0: not at all', number, 0.1)
    .option('--detect-every <n>', 'detect on every n-th frame, follow faces in between', number, 1)
    .option('--min-face-size <pixels>', 'leave out smaller faces', number)
    .option('--min-score <score>', 'leave out faces the detector is less sure of (0..1)', number)
    .option('--max-faces <n>', 'at most this many faces in a frame', number)
    .option('--fps <rate>', 'keep so many frames per second', number)
    .option('--start <seconds>', 'begin at this time', number)
    .option('--end <seconds>', 'stop before this time', number)
    .option('--width <pixels>', 'scale frames to this width first', number)
    .addHelpText(
      'after',
      '\nExamples:\n  fer annotate interview.mp4\n  fer annotate recordings/ --format csv,vtt --overlay -o results\n  cat clip.webm | fer annotate - --format jsonl',
    )
    .action(async (inputs: string[], flags: AnnotateFlags) => {
      // What computes is loaded only now: help and a mistyped option are answered at once.
      process.exitCode = await runAnnotate(inputs, flags);
    });
}

/** The options of `fer annotate` as the command line gives them. */
interface AnnotateFlags extends Omit<AnnotateOptions, 'minScore'> {
  readonly outputDir: string;
  readonly format: string;
  readonly overlay?: boolean;
  readonly force?: boolean;
  readonly minScore?: number;
}

/** Runs the batch, reports on stderr while it runs and on stdout when it is done, and returns the exit code. */
async function runAnnotate(inputs: readonly string[], flags: AnnotateFlags): Promise<number> {
  const { annotateBatch } = await import('../stream/annotate/batch.js');
  const { format, overlay = false, ...rest } = flags;
  const options: BatchOptions = { ...rest, formats: parseFormats(format, overlay), signal: interruptSignal() };
  const report = new BatchReport(process.stderr);
  for await (const event of annotateBatch(inputs, options)) report.take(event);
  const lines = report.hasResults ? [...report.summary(), `results in ${options.outputDir}`] : report.summary();
  process.stdout.write(`${lines.join('\n')}\n`);
  return report.exitCode();
}

function parseFormats(list: string, overlay: boolean): string[] {
  const names = list.split(',').map((name) => name.trim());
  const textual = FORMAT_NAMES.filter((name) => name !== 'overlay');
  const formats = names.flatMap((name) => (name === 'all' ? textual : [outputFormat(name).name]));
  return [...new Set(overlay ? [...formats, 'overlay'] : formats)];
}

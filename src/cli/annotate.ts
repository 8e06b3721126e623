import { Option } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { printable } from '../errors/printable.js';
import type { AnnotateOptions } from '../stream/annotate/annotate-options.js';
import type { BatchOptions } from '../stream/annotate/batch.js';
import { FORMAT_NAMES } from '../stream/output/format-names.js';
import { BatchReport } from './batch-report.js';
import { interruptSignal } from './exit.js';
import { backendOption, modelOption, number, priorOption, readPrior } from './options.js';

const DEFAULT_FORMATS = 'jsonl,csv,summary';

export function annotateCommand(program: Command): void {
  program
    .command('annotate')
    .summary('annotate recorded footage')
    .description(
      'Annotates videos, image folders, globs, http(s) URLs or standard input ("-"). Every frame gets a result.',
    )
    .argument('<input...>', 'files, folders, globs, URLs or "-"')
    .option('-o, --output-dir <dir>', 'output folder; "-" writes JSONL to standard output', 'fer-out')
    .option(
      '-f, --format <list>',
      `comma-separated: ${FORMAT_NAMES.join(', ')}; or "all" (all but overlay)`,
      DEFAULT_FORMATS,
    )
    .option('--overlay', 'also write a video with boxes and expressions drawn in')
    .option('--force', 'annotate finished inputs again')
    .addOption(backendOption())
    .addOption(
      new Option('--detector <name>', 'face detection network')
        .choices(['blazeface', 'tiny', 'ssd'])
        .default('blazeface'),
    )
    .addOption(modelOption())
    .option('--no-flip-tta', 'no flip test-time augmentation: faster, slightly less accurate')
    .addOption(priorOption())
    .option('--smoothing <seconds>', 'smoothing time constant; 0 disables', number, 0.1)
    .option('--detect-every <n>', 'run the detector on every n-th frame, track faces in between', number, 1)
    .option('--min-face-size <pixels>', 'ignore smaller faces', number)
    .option('--min-score <score>', 'ignore faces with a lower detection score (0..1)', number)
    .option('--max-faces <n>', 'report only this many faces per frame, the largest', number)
    .option('--fps <rate>', 'sample at this frame rate', number)
    .option('--start <seconds>', 'start at this time', number)
    .option('--end <seconds>', 'stop before this time', number)
    .option('--width <pixels>', 'scale frames to this width before detection', number)
    .addHelpText(
      'after',
      '\nExamples:\n  fer annotate interview.mp4\n  fer annotate recordings/ --format csv,vtt --overlay -o results\n  cat clip.webm | fer annotate - --format jsonl',
    )
    .action(async (inputs: string[], flags: AnnotateFlags) => {
      process.exitCode = await runAnnotate(inputs, flags);
    });
}

interface AnnotateFlags extends Omit<AnnotateOptions, 'minScore' | 'prior'> {
  readonly outputDir: string;
  readonly format: string;
  readonly overlay?: boolean;
  readonly force?: boolean;
  readonly minScore?: number;
  readonly prior: string;
}

/** Progress goes to stderr, the summary to stdout. Returns the exit code. */
async function runAnnotate(inputs: readonly string[], flags: AnnotateFlags): Promise<number> {
  const { annotateBatch } = await import('../stream/annotate/batch.js');
  const { format, overlay = false, prior, ...rest } = flags;
  const formats = await parseFormats(format, overlay);
  const toStdout = rest.outputDir === '-';
  if (toStdout && !(format === DEFAULT_FORMATS || formats.join() === 'jsonl')) {
    throw new FerError('USAGE', '-o - writes JSONL only; leave out --format, or give an output folder');
  }
  const options: BatchOptions = {
    ...rest,
    prior: await readPrior(prior),
    formats,
    ...(toStdout ? { stream: process.stdout } : {}),
    signal: interruptSignal(),
  };
  const report = new BatchReport(process.stderr);
  for await (const event of annotateBatch(inputs, options)) report.take(event);
  const lines =
    report.hasResults && !toStdout
      ? [...report.summary(), `results in ${printable(options.outputDir)}`]
      : report.summary();
  (toStdout ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
  return report.exitCode();
}

async function parseFormats(list: string, overlay: boolean): Promise<string[]> {
  const { outputFormat } = await import('../stream/output/formats.js');
  const names = list.split(',').map((name) => name.trim());
  const textual = FORMAT_NAMES.filter((name) => name !== 'overlay');
  const formats = names.flatMap((name) => (name === 'all' ? textual : [outputFormat(name).name]));
  return [...new Set(overlay ? [...formats, 'overlay'] : formats)];
}

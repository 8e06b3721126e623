import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/index.js';
import { annotateBatch, OUTPUT_FORMATS, outputFormat } from '../stream/index.js';
import type { AnnotateOptions, BatchOptions } from '../stream/index.js';
import { BatchReport } from './batch-report.js';
import { interruptSignal } from './interrupt.js';
import { number } from './number-option.js';

const DEFAULT_FORMATS = 'jsonl,csv,summary';

interface Flags extends Omit<AnnotateOptions, 'minScore'> {
  readonly outputDir: string;
  readonly format: string;
  readonly overlay?: boolean;
  readonly force?: boolean;
  readonly minScore?: number;
}

export function annotateCommand(program: Command): void {
  const names = OUTPUT_FORMATS.map(({ name }) => name);
  program
    .command('annotate')
    .summary('write the expressions in recorded footage to files')
    .description(
      'Annotates videos, folders of images, whole folders, globs, http(s) URLs or standard input ("-"): every frame gets a result.',
    )
    .argument('<input...>', 'files, folders, globs, URLs or "-"')
    .option('-o, --output-dir <dir>', 'where the results go', 'fer-out')
    .option('-f, --format <list>', `comma-separated: ${names.join(', ')}; or "all" (everything but overlay)`, DEFAULT_FORMATS)
    .option('--overlay', 'also write a video with boxes and expressions drawn in')
    .option('--force', 'annotate again what is done already')
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices(['auto', ...BACKEND_NAMES]),
    )
    .addOption(new Option('--detector <name>', 'network that finds faces').choices(['blazeface', 'tiny', 'ssd']).default('blazeface'))
    .addOption(new Option('--model <name>', 'what names the expressions').choices(['baseline']).default('baseline'))
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
    .action(async (inputs: string[], flags: Flags) => {
      process.exitCode = await runAnnotate(inputs, flags);
    });
}

async function runAnnotate(inputs: readonly string[], flags: Flags): Promise<number> {
  const { format, overlay = false, ...rest } = flags;
  const options: BatchOptions = { ...rest, formats: parseFormats(format, overlay), signal: interruptSignal() };
  const report = new BatchReport(process.stderr);
  for await (const event of annotateBatch(inputs, options)) report.take(event);
  process.stdout.write(`${report.summary().join('\n')}\nresults in ${options.outputDir}\n`);
  return report.exitCode();
}

function parseFormats(list: string, overlay: boolean): string[] {
  const names = list.split(',').map((name) => name.trim());
  const textual = OUTPUT_FORMATS.map(({ name }) => name).filter((name) => name !== 'overlay');
  const formats = names.flatMap((name) => (name === 'all' ? textual : [outputFormat(name).name]));
  return [...new Set(overlay ? [...formats, 'overlay'] : formats)];
}

import { join } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import { lookForFfmpeg } from '../ingest/ffmpeg/binaries.js';
import { isS3Address } from '../storage/s3.js';
import type { AnnotateOptions } from '../stream/pipeline/pipeline-settings.js';
import type { BatchOptions } from '../stream/annotate/batch.js';
import { FORMAT_NAMES } from '../stream/results/output-format.js';
import { applyConfigFile } from './config-file.js';
import { annotateQueued, segmentSeconds } from './annotate-queued.js';
import type { QueueFlags } from './annotate-queued.js';
import { BatchReport } from './batch-report.js';
import { EXIT, interruptSignal, isReaderGone } from './exit.js';
import {
  backendOption,
  baselineOption,
  detectEveryOption,
  modelOption,
  number,
  parseFormats,
  priorOption,
  readPrior,
  refuseOptions,
  repeated,
  rotateOption,
  submitOption,
  wholeNumber,
  WORKERS_DECIDE,
} from './options.js';
import { INDEX_NAME, refuseForeignPage } from './report.js';

const DEFAULT_FORMATS = 'jsonl,csv,summary';

export function annotateCommand(program: Command): void {
  program
    .command('annotate')
    .summary('annotate recorded footage')
    .description(
      'Annotates videos, image folders, globs, http(s) URLs, s3:// objects and folders, or standard input ("-"). Every frame gets a result.',
    )
    .argument('[input...]', 'files, folders, globs, URLs or "-"')
    .option(
      '-o, --output-dir <dir>',
      'output folder, or s3://bucket/prefix; "-" writes JSONL to standard output',
      'fer-out',
    )
    .option(
      '-f, --format <list>',
      `comma-separated: ${FORMAT_NAMES.join(', ')}; or "all" (all but overlay)`,
      DEFAULT_FORMATS,
    )
    .option('--overlay', 'also write a video with boxes and expressions drawn in')
    .option('--combine', 'also write all rows of all inputs into combined.csv (and JSONL)')
    .option('--names <file>', 'CSV file with the columns id and name: names of people by face id')
    .option('--config <file>', 'JSON file of these options; the command line overrides it')
    .option('--quiet', 'print nothing but errors')
    .option('--force', 'annotate finished inputs again')
    .addOption(backendOption({ trains: false }))
    .addOption(
      new Option('--detector <name>', 'face detection network')
        .choices(['blazeface', 'tiny', 'ssd'])
        .default('blazeface'),
    )
    .addOption(modelOption())
    .option('--flip-tta', 'average each face with its mirror image: slightly more accurate, twice the work')
    .addOption(priorOption())
    .option('--smoothing <seconds>', 'smoothing time constant; 0 disables', number, 0.1)
    .addOption(baselineOption().default('off'))
    .option('--region <x,y,w,h>', 'only faces in this area, in pixels or percent (0%,0%,50%,100%)')
    .option('--ignore <x,y,w,h>', 'no faces in this area, such as a poster; repeatable', repeated, [])
    .option('--min-quality <share>', 'mark faces of lower quality (0..1) as unusable', number)
    .option('--min-certainty <share>', 'mark labels with a lower chance of being right (0..1) as unsure', number)
    .addOption(detectEveryOption())
    .option('--min-face-size <pixels>', 'ignore smaller faces', number)
    .option('--min-score <score>', 'ignore faces with a lower detection score (0..1)', number)
    .option('--max-faces <n>', 'report only this many faces per frame, the largest', number)
    .addOption(rotateOption())
    .option('--fps <rate>', 'sample at this frame rate', number)
    .option('--start <seconds>', 'start at this time', number)
    .option('--end <seconds>', 'stop before this time', number)
    .option('--width <pixels>', 'scale frames to this width before detection', number)
    .option(
      '--workers <n>',
      'extra threads that encode faces; results are the same (default: by cores and engine)',
      number,
    )
    .addOption(submitOption())
    .option('--wait', 'with --queue: wait until all inputs are done')
    .option(
      '--inputs-from <file>',
      'with --queue: file with one input per line, "-" for standard input; outputs are named by the whole path',
    )
    .option('--priority <n>', 'with --queue: 1 (first) to 1000', wholeNumber(1, 1000), 10)
    .option(
      '--segment <seconds>',
      'with --queue: divide longer inputs among workers, 20 s or more; 0 never divides',
      segmentSeconds,
      600,
    )
    .option('--max-waiting <n>', 'with --queue: submit more only when fewer jobs wait', wholeNumber(1), 200_000)
    .addHelpText(
      'after',
      '\nExamples:\n  fer annotate interview.mp4\n  fer annotate recordings/ --format csv,vtt --overlay -o results\n  cat clip.webm | fer annotate - --format jsonl',
    )
    .action(async (inputs: string[], flags: AnnotateFlags, command: Command) => {
      await applyConfigFile(command, flags.config);
      const all = command.opts<AnnotateFlags>();
      if (all.queue === undefined) refuseOptions(command, QUEUE_OPTIONS, 'needs --queue');
      else refuseOptions(command, ['backend'], WORKERS_DECIDE);
      // They start while our own code is loaded.
      if (all.queue === undefined) lookForFfmpeg();
      process.exitCode = await runAnnotate(inputs, all);
    });
}

const QUEUE_OPTIONS = ['wait', 'inputsFrom', 'priority', 'segment', 'maxWaiting'];

interface AnnotateFlags
  extends Omit<AnnotateOptions, 'minScore' | 'prior' | 'region' | 'ignore' | 'names'>, Omit<QueueFlags, 'queue'> {
  readonly queue?: string;
  readonly outputDir: string;
  readonly format: string;
  readonly overlay?: boolean;
  readonly combine?: boolean;
  readonly force?: boolean;
  readonly names?: string;
  readonly config?: string;
  readonly quiet?: boolean;
  readonly minScore?: number;
  readonly region?: string;
  readonly ignore: readonly string[];
  readonly prior: string;
}

async function readPeople(path: string): Promise<Record<string, string>> {
  return (await import('../stream/results/people.js')).readNames(path);
}

/** Progress goes to stderr, the summary to stdout. Returns the exit code. */
async function runAnnotate(inputs: readonly string[], flags: AnnotateFlags): Promise<number> {
  const { annotateBatch } = await import('../stream/annotate/batch.js');
  const { format, overlay = false, combine = false, prior, region, ignore, names, ...own } = flags;
  const { config: _, quiet = false, ...others } = own;
  const { queue, wait, inputsFrom, priority, segment, maxWaiting, ...rest } = others;
  if (queue === undefined && (wait === true || inputsFrom !== undefined)) {
    throw new FerError('USAGE', '--wait and --inputs-from need --queue');
  }
  if ((inputs.length === 0) === (inputsFrom === undefined)) {
    throw new FerError('USAGE', 'give inputs: files, folders, globs or URLs; or --inputs-from with --queue');
  }
  const { parseArea } = await import('../stream/pipeline/pipeline-settings.js');
  const chosen = await parseFormats(overlay ? `${format},overlay` : format);
  // The combined table is made of the JSONL of all inputs.
  const formats = combine && !chosen.includes('jsonl') ? ['jsonl', ...chosen] : chosen;
  const toStdout = rest.outputDir === '-';
  if (toStdout && (overlay || combine || !(format === DEFAULT_FORMATS || formats.join() === 'jsonl'))) {
    throw new FerError(
      'USAGE',
      '-o - writes JSONL only; leave out --format, --overlay and --combine, or give an output folder',
    );
  }
  const options: BatchOptions = {
    ...rest,
    prior: await readPrior(prior),
    region: region === undefined ? null : parseArea(region),
    ignore: ignore.map(parseArea),
    ...(names === undefined ? {} : { names: await readPeople(names) }),
    formats,
    ...(toStdout ? { stream: process.stdout } : {}),
    signal: interruptSignal(),
  };
  const isRemote = isS3Address(rest.outputDir);
  if (isRemote && combine) throw new FerError('USAGE', '--combine needs an output folder on this machine');
  if (queue !== undefined) {
    if (toStdout) throw new FerError('USAGE', '-o - does not go with --queue: give an output folder');
    if (combine && wait !== true) throw new FerError('USAGE', '--combine with --queue needs --wait');
    return annotateQueued(
      inputs,
      {
        queue,
        priority,
        segment,
        maxWaiting,
        combine,
        quiet,
        ...(wait && { wait }),
        ...(inputsFrom !== undefined && { inputsFrom }),
      },
      options,
      (outputs) => writeTables(outputs, { outputDir: rest.outputDir, combine }),
    );
  }
  const report = new BatchReport(process.stderr, quiet);
  const results: string[] = [];
  for await (const event of annotateBatch(inputs, options)) {
    if (isReaderGone()) break;
    report.take(event);
    if (event.type === 'done' || event.type === 'skipped') results.push(...event.outputs);
  }
  if (isReaderGone()) return EXIT.readerGone;
  const overall = toStdout || isRemote ? [] : await writeTables(results, { ...options, combine });
  const lines =
    report.hasResults && !toStdout
      ? [
          ...report.summary(),
          `results in ${printable(options.outputDir)}`,
          ...overall.map((path) => `over all inputs: ${printable(path)}`),
        ]
      : report.summary();
  if (!quiet) (toStdout ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
  return report.exitCode();
}

/** Writes what covers all inputs and returns its paths: summary.csv for a batch with summaries, index.html for one with reports, combined.csv on request. */
async function writeTables(
  results: readonly string[],
  { outputDir, combine, force = false }: Pick<BatchOptions, 'outputDir' | 'force'> & { readonly combine: boolean },
): Promise<string[]> {
  const written: string[] = [];
  const placeOf = async (name: string): Promise<string> => {
    const path = join(outputDir, name);
    if (!force) await refuseForeignPage(path);
    return path;
  };
  const ending = (end: string): string[] => results.filter((path) => path.endsWith(end));
  const { writeBatchSummary, writeCombined } = await import('../stream/output/csv.js');
  const { BATCH_TABLES } = await import('../stream/output/output-names.js');
  const summaries = ending('.summary.json');
  if (summaries.length > 1) {
    written.push(await placeOf(BATCH_TABLES.summary));
    await writeBatchSummary(summaries, written.at(-1)!);
  }
  const annotations = ending('.jsonl');
  if (combine && annotations.length > 0) {
    written.push(await placeOf(BATCH_TABLES.combined));
    await writeCombined(annotations, written.at(-1)!);
  }
  const reports = ending('.report.html');
  if (reports.length > 1) {
    const { writeIndexPage } = await import('../stream/report/index-page.js');
    written.unshift(await placeOf(INDEX_NAME));
    await writeIndexPage(reports, written[0]!);
  }
  return written;
}

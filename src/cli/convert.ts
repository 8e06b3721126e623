import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import type { ConvertOptions, Converted } from '../stream/annotate/convert.js';
import { FORMAT_NAMES } from '../stream/results/output-format.js';
import { EXIT, interruptSignal } from './exit.js';
import { baselineOption, parseFormats, repeated } from './options.js';

interface ConvertFlags {
  readonly format: string;
  readonly outputDir?: string;
  readonly combine?: string;
  readonly names?: string;
  readonly merge: readonly string[];
  readonly baseline?: 'auto' | 'off' | number;
  readonly force?: boolean;
}

export function convertCommand(program: Command): void {
  program
    .command('convert')
    .summary('write other formats from JSONL results')
    .description('Writes other formats from the JSONL files of "fer annotate". Only an overlay needs the video.')
    .argument('<results.jsonl...>', 'JSONL files of "fer annotate"')
    .requiredOption('-f, --format <list>', `comma-separated: ${FORMAT_NAMES.join(', ')}`)
    .option('-o, --output-dir <dir>', 'output folder (default: that of each JSONL file)')
    .option('--combine <file>', 'also write all rows into one CSV file')
    .option('--names <file>', 'CSV file with the columns id and name: names of people by face id')
    .option('--merge <id=id>', 'make a face id another one, as in 2=5; repeatable', repeated, [])
    .addOption(baselineOption())
    .option('--force', 'replace files that fer did not write')
    .addHelpText(
      'after',
      '\nExamples:\n  fer convert fer-out/clip.jsonl --format elan,parquet\n  fer convert fer-out/*.jsonl --format segments --names people.csv --merge 2=5 -o named',
    )
    .action(async (files: string[], flags: ConvertFlags) => {
      process.exitCode = await runConvert(files, flags);
    });
}

/** Converts each file and prints what was written. Returns the exit code. */
async function runConvert(files: readonly string[], flags: ConvertFlags): Promise<number> {
  const { parseMerges, readNames } = await import('../stream/results/people.js');
  const { writeCombined } = await import('../stream/output/csv.js');
  const people = {
    merge: parseMerges(flags.merge),
    ...(flags.names === undefined ? {} : { names: await readNames(flags.names) }),
  };
  const { baseline, combine, force = false } = flags;
  const keepFrom = (paths: readonly string[]): void => {
    if (combine !== undefined && paths.some((path) => resolve(path) === resolve(combine)))
      throw new FerError('CONFIG_INVALID', `--combine ${combine}: would replace an annotation or its conversion; give another file`); // prettier-ignore
  };
  keepFrom(files);
  if (typeof baseline === 'number' && (baseline <= 0 || baseline > 3600))
    throw new FerError('CONFIG_INVALID', '--baseline: give auto, off, or seconds up to 3600');
  const formats = await parseFormats(flags.format);
  const { converted, failed } = await convertEach(files, {
    formats,
    ...(flags.outputDir === undefined ? {} : { outputDir: flags.outputDir }),
    ...people,
    ...(baseline === undefined ? {} : { baseline }),
    force,
    signal: interruptSignal(),
  });
  if (combine !== undefined && converted.length > 0) {
    keepFrom(converted.flatMap(({ outputs }) => outputs));
    const sources = converted.map(({ input }) => input);
    await writeCombined(sources, combine, people);
    process.stdout.write(`${printable(combine)}\n`);
  }
  return failed > 0 ? EXIT.someFailed : EXIT.ok;
}

/** Converts one file after the other, and prints what was written. Of several, a bad one is reported and the others are done. */
export async function convertEach(
  files: readonly string[],
  options: Omit<ConvertOptions, 'name'>,
): Promise<{ readonly converted: readonly Converted[]; readonly failed: number }> {
  const { conversionNames, convertAnnotation } = await import('../stream/annotate/convert.js');
  const names = conversionNames(files, options.outputDir, options.formats);
  const converted: Converted[] = [];
  let failed = 0;
  for (const [i, file] of files.entries()) {
    try {
      const one = await convertAnnotation(file, { ...options, name: names[i]! });
      converted.push(one);
      for (const path of one.outputs) process.stdout.write(`${printable(path)}\n`);
    } catch (error) {
      if (files.length === 1 || !isOfOneFile(error)) throw error;
      reportFailure(error);
      failed += 1;
    }
  }
  return { converted, failed };
}

/** Prints an error that does not end the command. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${printable(`failed: ${FerError.from(error).message}`)}\n`);
}

/** Whether other files may go well. */
function isOfOneFile(error: unknown): boolean {
  const { code } = FerError.from(error);
  return code === 'ANNOTATION_INVALID' || code === 'OUTPUT_UNWRITABLE' || code.startsWith('INPUT_');
}

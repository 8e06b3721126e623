import type { Command } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
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
}

export function convertCommand(program: Command): void {
  program
    .command('convert')
    .summary('write other formats from JSONL results')
    .description('Writes other formats from the JSONL files of "fer annotate", without the video.')
    .argument('<results.jsonl...>', 'JSONL files of "fer annotate"')
    .requiredOption('-f, --format <list>', `comma-separated: ${FORMAT_NAMES.join(', ')}`)
    .option('-o, --output-dir <dir>', 'output folder (default: that of each JSONL file)')
    .option('--combine <file>', 'also write all rows into one CSV file')
    .option('--names <file>', 'CSV file with the columns id and name: names of people by face id')
    .option('--merge <id=id>', 'make a face id another one, as in 2=5; repeatable', repeated, [])
    .addOption(baselineOption())
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
  const { conversionNames, convertAnnotation } = await import('../stream/annotate/convert.js');
  const { parseMerges, readNames } = await import('../stream/results/people.js');
  const { writeCombined } = await import('../stream/output/combined.js');
  const people = {
    merge: parseMerges(flags.merge),
    ...(flags.names === undefined ? {} : { names: await readNames(flags.names) }),
  };
  const { baseline } = flags;
  if (typeof baseline === 'number' && (baseline <= 0 || baseline > 3600))
    throw new FerError('CONFIG_INVALID', '--baseline: give auto, off, or seconds up to 3600');
  const formats = await parseFormats(flags.format);
  const place = flags.outputDir === undefined ? {} : { outputDir: flags.outputDir };
  const signal = interruptSignal();
  const names = conversionNames(files, flags.outputDir, formats);
  for (const [i, file] of files.entries()) {
    const { outputs } = await convertAnnotation(file, {
      formats,
      ...place,
      name: names[i]!,
      ...people,
      ...(baseline === undefined ? {} : { baseline }),
      signal,
    });
    for (const path of outputs) process.stdout.write(`${printable(path)}\n`);
  }
  if (flags.combine !== undefined) {
    await writeCombined(files, flags.combine, people);
    process.stdout.write(`${printable(flags.combine)}\n`);
  }
  return EXIT.ok;
}

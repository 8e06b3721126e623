import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import { naturalOrder } from '../ingest/media-names.js';
import { EXIT, interruptSignal } from './exit.js';
import { repeated } from './options.js';

/** The page over the reports of a batch. */
export const INDEX_NAME = 'index.html';

interface ReportFlags {
  readonly outputDir?: string;
  readonly names?: string;
  readonly merge: readonly string[];
}

export function reportCommand(program: Command): void {
  program
    .command('report')
    .summary('write HTML reports from JSONL results')
    .description(
      'Writes an HTML report for each JSONL file of "fer annotate", and an index of several. Pictures of people need the video, where it was or in the folder of the results.',
    )
    .argument('<results...>', 'JSONL files of "fer annotate", or folders with them')
    .option('-o, --output-dir <dir>', 'output folder (default: that of each JSONL file)')
    .option('--names <file>', 'CSV file with the columns id and name: names of people by face id')
    .option('--merge <id=id>', 'make a face id another one, as in 2=5; repeatable', repeated, [])
    .addHelpText('after', '\nExamples:\n  fer report fer-out/clip.jsonl\n  fer report fer-out -o reports')
    .action(async (results: string[], flags: ReportFlags) => {
      process.exitCode = await runReport(results, flags);
    });
}

/** Writes the reports and prints their paths. Returns the exit code. */
async function runReport(results: readonly string[], flags: ReportFlags): Promise<number> {
  const { conversionNames, convertAnnotation } = await import('../stream/annotate/convert.js');
  const { parseMerges, readNames } = await import('../stream/results/people.js');
  const { writeIndexPage } = await import('../stream/report/index-page.js');
  const people = {
    merge: parseMerges(flags.merge),
    ...(flags.names === undefined ? {} : { names: await readNames(flags.names) }),
  };
  const files = (await Promise.all(results.map(annotationsOf))).flat();
  const place = flags.outputDir === undefined ? {} : { outputDir: flags.outputDir };
  const signal = interruptSignal();
  const reports: string[] = [];
  const names = conversionNames(files, flags.outputDir, ['html']);
  for (const [i, file] of files.entries()) {
    const { outputs } = await convertAnnotation(file, {
      formats: ['html'],
      ...place,
      name: names[i]!,
      ...people,
      signal,
    });
    reports.push(...outputs);
    for (const path of outputs) process.stdout.write(`${printable(path)}\n`);
  }
  if (reports.length > 1) {
    const index = join(flags.outputDir ?? dirname(reports[0]!), INDEX_NAME);
    await writeIndexPage(reports, index);
    process.stdout.write(`${printable(index)}\n`);
  }
  return EXIT.ok;
}

/** The JSONL files of an argument, by name. */
async function annotationsOf(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'));
  if (names.length === 0)
    throw new FerError('INPUT_NOT_FOUND', `${path}: contains no JSONL file; write some with fer annotate`);
  return names.sort(naturalOrder).map((name) => join(path, name));
}

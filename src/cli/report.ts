import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { Command } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import { headOf } from '../files/text-file.js';
import { naturalOrder } from '../ingest/media-names.js';
import { convertEach, reportFailure } from './convert.js';
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
    .argument('<results...>', 'JSONL files of "fer annotate", or folders (searched through) with them')
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
  const { parseMerges, readNames } = await import('../stream/results/people.js');
  const { writeIndexPage } = await import('../stream/report/index-page.js');
  const people = {
    merge: parseMerges(flags.merge),
    ...(flags.names === undefined ? {} : { names: await readNames(flags.names) }),
  };
  const outputDir = flags.outputDir === undefined ? {} : { outputDir: flags.outputDir };
  const { files, missing } = await findAnnotations(results);
  // The ending is ours, also in a folder that was copied without its records.
  const options = { formats: ['html'], force: true, ...outputDir, ...people, signal: interruptSignal() };
  const { converted, failed } = await convertEach(files, options);
  const reports = converted.flatMap(({ outputs }) => outputs);
  if (reports.length > 1) {
    const isFolder = results.length === 1 && files[0] !== results[0];
    const index = join(flags.outputDir ?? (isFolder ? results[0]! : dirname(reports[0]!)), INDEX_NAME);
    await refuseForeignPage(index);
    await writeIndexPage(reports, index);
    process.stdout.write(`${printable(index)}\n`);
  }
  return failed + missing > 0 ? EXIT.someFailed : EXIT.ok;
}

/** How the tables and the page over a batch begin. */
const SIGNS: Readonly<Record<string, string>> = {
  'summary.csv': 'input,face_id,name,first_seen,',
  'combined.csv': 'input,frame,timestamp,',
  [INDEX_NAME]: '<title>Expressions of all recordings</title>',
};

/**
 * Refuses to replace a table or page of others in the folder of a batch. Ours are known by their content: folders are copied without records.
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function refuseForeignPage(path: string): Promise<void> {
  const head = await headOf(path, 4096).catch(() => null);
  if (head === null || head.includes(SIGNS[basename(path)] ?? '')) return;
  throw new FerError(
    'OUTPUT_UNWRITABLE',
    `${path} exists, and fer did not write it; move it, or give another --output-dir`,
  );
}

interface FoundAnnotations {
  readonly files: readonly string[];
  /** Arguments without any. */
  readonly missing: number;
}

async function findAnnotations(paths: readonly string[]): Promise<FoundAnnotations> {
  const files: string[] = [];
  let missing = 0;
  for (const path of paths) {
    const found = await annotationsOf(path);
    files.push(...found);
    if (found.length > 0) continue;
    const error = new FerError('INPUT_NOT_FOUND', `${path}: contains no JSONL file; write some with fer annotate`);
    if (paths.length === 1) throw error;
    reportFailure(error);
    missing += 1;
  }
  return { files, missing };
}

/** The JSONL files of an argument, by name; of a folder also those in its folders that are not hidden. */
async function annotationsOf(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.jsonl') && !isHidden(name));
  return names.sort(naturalOrder).map((name) => join(path, name));
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}

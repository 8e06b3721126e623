import type { Command } from 'commander';
import { EXPRESSIONS_8 } from '../model/label-set.js';
import type { DatasetReport, SplitCounts } from '../train/data/check-dataset.js';
import type { Dataset, Split } from '../train/data/sample.js';
import { datasetPrepareCommand } from './dataset-prepare.js';
import { datasetSynthesizeCommand } from './dataset-synthesize.js';
import { EXIT } from './exit.js';
import { foldOption, labelsOption, splitOption, writeLine } from './options.js';
import { Progress, textTable } from './progress.js';
import type { ProgressTarget } from './progress.js';

export function datasetCommand(program: Command): void {
  const dataset = program.command('dataset').summary('check, prepare or synthesize labelled data');
  dataset
    .command('check')
    .summary('count classes; find duplicates, damaged files and subjects in several splits')
    .description('Counts the classes and finds duplicates, damaged files, and subjects in several splits.')
    .argument('<format:dir>', 'data set, such as ferplus:/data/ferplus or manifest:./own')
    .addOption(splitOption('use this split only'))
    .addOption(foldOption())
    .addOption(labelsOption())
    .option('--quick', 'do not read the files: skips duplicates and damage')
    .option('--json', 'print the full report as JSON')
    .addHelpText(
      'after',
      '\nExit code 1 when files or rows are missing or damaged.\nFormats and their folders: docs/datasets.md',
    )
    .action(async (location: string, flags: DatasetCheckFlags) => {
      process.exitCode = await runDatasetCheck(location, flags, {
        write: writeLine,
        progress: process.stderr,
      });
    });
  datasetPrepareCommand(dataset);
  datasetSynthesizeCommand(dataset);
}

interface DatasetCheckFlags {
  readonly split?: Split;
  readonly fold?: number;
  readonly labels?: string;
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** How many examples of a finding are printed; `--json` has all of them. */
const EXAMPLES = 5;

/** Prints the contents and the problems of a data set. Returns the exit code. */
export async function runDatasetCheck(
  location: string,
  flags: DatasetCheckFlags,
  io: { write(line: string): void; readonly progress?: ProgressTarget },
): Promise<number> {
  const { openDataset } = await import('../train/data/formats/registry.js');
  const { split, fold, labels, quick = false, json = false } = flags;
  const dataset = await openDataset(location, {
    ...(split === undefined ? {} : { split }),
    ...(fold === undefined ? {} : { fold }),
    ...(labels === undefined ? {} : { labels }),
  });
  const report = await checkWithProgress(dataset, !quick, io.progress);
  for (const line of json ? [JSON.stringify(report, null, 2)] : reportLines(report)) io.write(line);
  return report.problems.length > 0 || (report.unreadableFiles?.length ?? 0) > 0 ? EXIT.someFailed : EXIT.ok;
}

async function checkWithProgress(
  dataset: Dataset,
  readFiles: boolean,
  target: ProgressTarget | undefined,
): Promise<DatasetReport> {
  const { checkDataset } = await import('../train/data/check-dataset.js');
  if (target === undefined) return checkDataset(dataset, { readFiles });
  const progress = new Progress(target, 'files');
  let isStarted = false;
  const onProgress = (done: number, total: number): void => {
    if (!isStarted) progress.start(`reading ${dataset.name} twice`, total);
    isStarted = true;
    progress.update(done);
  };
  const report = await checkDataset(dataset, { readFiles, onProgress });
  progress.clear();
  return report;
}

function reportLines(report: DatasetReport): readonly string[] {
  const { name, splits, images, clips, duplicates, unreadableFiles, problems, subjectsAcrossSplits } = report;
  return [
    `${name}: ${[...(images > 0 ? [plural(images, 'image')] : []), ...(clips > 0 ? [plural(clips, 'clip')] : [])].join(', ') || 'no samples'}`,
    ...countTable(report, 'samples'),
    ...countTable(report, 'frames'),
    '',
    ...ownClasses(report),
    ...Object.entries(report.leftOut).map(
      ([reason, rows]) => `left out by the rules of the data set: ${plural(rows, 'row')}: ${reason}`,
    ),
    ...(Object.keys(report.subjects).length === 0
      ? ['subjects: not given by this data set']
      : [
          `subjects: ${splits.map((split) => `${group(report.subjects[split] ?? 0)} in ${split}`).join(', ')}; ${group(subjectsAcrossSplits.length)} in more than one split`,
          ...examples(subjectsAcrossSplits, (found) => `${found.subject}: ${found.splits.join(', ')}`),
        ]),
    ...(duplicates === null ? ['duplicates and damage: not checked (--quick)'] : duplicateLines(duplicates)),
    ...(unreadableFiles === null
      ? []
      : [
          `unreadable files: ${group(unreadableFiles.length)}`,
          ...examples(unreadableFiles, ({ path, message }) => `${path}: ${message}`),
        ]),
    ...(['missing-file', 'unreadable-row'] as const).flatMap((kind) => {
      const own = problems.filter((problem) => problem.kind === kind);
      return [
        `${kind === 'missing-file' ? 'missing files' : 'unreadable rows'}: ${group(own.length)}`,
        ...examples(own, ({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`),
      ];
    }),
  ];
}

/** Labels of a manifest that ferstream does not know: own classes, or typing errors. */
function ownClasses({ name, classes }: DatasetReport): readonly string[] {
  if (name !== 'manifest' && name !== 'folders') return [];
  const own = classes.map(({ label }) => label).filter((label) => !EXPRESSIONS_8.has(label));
  return own.length === 0
    ? []
    : [`unknown labels (own classes or typing errors): ${own.join(', ')} (known: ${EXPRESSIONS_8.labels.join(', ')})`];
}

function countTable({ splits, classes }: DatasetReport, kind: 'samples' | 'frames'): readonly string[] {
  if (classes.every((row) => Object.keys(row[kind]).length === 0)) return [];
  const cells = (counts: SplitCounts): string[] => splits.map((split) => group(counts[split] ?? 0));
  const totals = Object.fromEntries(
    splits.map((split) => [split, classes.reduce((sum, row) => sum + (row[kind][split] ?? 0), 0)]),
  );
  return [
    '',
    ...textTable(
      [kind === 'samples' ? 'class' : 'class (frames)', ...splits],
      [...classes.map((row) => [row.label, ...cells(row[kind])]), ['all', ...cells(totals)]],
    ),
  ];
}

function duplicateLines(duplicates: NonNullable<DatasetReport['duplicates']>): readonly string[] {
  const across = duplicates.filter(({ splits }) => splits.length > 1);
  const within = duplicates.filter(({ splits }) => splits.length === 1);
  const contradicting = duplicates.filter(({ labels }) => labels.length > 1);
  const spare = (groups: typeof duplicates): number => groups.reduce((sum, { ids }) => sum + ids.length - 1, 0);
  return [
    `exact duplicates: ${plural(spare(within), 'extra copy', 'extra copies')} within a split, ${plural(across.length, 'picture or clip', 'pictures or clips')} in more than one split, ${group(contradicting.length)} with differing labels`,
    ...examples(across, ({ ids }) => ids.join(' = ')),
  ];
}

function examples<T>(items: readonly T[], format: (item: T) => string): readonly string[] {
  const rest = items.length - EXAMPLES;
  return [
    ...items.slice(0, EXAMPLES).map((item) => `  ${format(item)}`),
    ...(rest > 0 ? [`  and ${group(rest)} more (--json lists all)`] : []),
  ];
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${group(count)} ${count === 1 ? one : many}`;
}

/** 25060 as 25,060. */
function group(count: number): string {
  return count.toLocaleString('en-US');
}

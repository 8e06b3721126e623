import { join } from 'node:path';
import { writeFileAtomic } from '../../../files/atomic-file.js';
import { groupBy } from '../../util/arrays.js';
import type { Grid } from './grid.js';
import { gridResults } from './run-grid.js';
import type { CellResult } from './run-grid.js';

/** Writes results.json and table.md from the runs that are finished. */
export async function writeResults(
  grid: Grid,
  folder: string,
): Promise<{ readonly table: string; readonly paths: readonly string[] }> {
  const results = await gridResults(grid, folder);
  const rows = resultRows(results);
  const table = markdownResults(rows);
  const paths = [join(folder, 'results.json'), join(folder, 'table.md')] as const;
  await writeFileAtomic(paths[0], `${JSON.stringify({ rows, cells: results }, null, 2)}\n`);
  await writeFileAtomic(paths[1], `${table}\n`);
  return { table, paths };
}

/** A figure over the seeds. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; 0 for a single seed. */
  readonly deviation: number;
}

/** One method under one condition. */
export interface ResultRow {
  readonly condition: string;
  readonly method: string;
  readonly seeds: number;
  /** On the test split, of the epoch best on validation and of the last one. */
  readonly bestAccuracy: Spread;
  readonly lastAccuracy: Spread;
  readonly bestMeanClassAccuracy: Spread;
  readonly lastMeanClassAccuracy: Spread;
  readonly bestMacroF1: Spread;
  readonly lastMacroF1: Spread;
  /** Accuracy on the training labels, wrong ones included, in the last epoch. */
  readonly trainAccuracy: Spread;
}

/** Mean and spread over the seeds, condition by condition. */
export function resultRows(results: readonly CellResult[]): readonly ResultRow[] {
  const groups = groupBy(results, ({ condition, method }) => JSON.stringify([condition, method]));
  const conditions = [...new Set(results.map(({ condition }) => condition))];
  const rows = [...groups.values()].map((cells): ResultRow => {
    const over = (of: (cell: CellResult) => number): Spread => spread(cells.map(of));
    return {
      condition: cells[0]!.condition,
      method: cells[0]!.method,
      seeds: cells.length,
      bestAccuracy: over(({ best }) => best.accuracy),
      lastAccuracy: over(({ last }) => last.accuracy),
      bestMeanClassAccuracy: over(({ best }) => best.meanClassAccuracy),
      lastMeanClassAccuracy: over(({ last }) => last.meanClassAccuracy),
      bestMacroF1: over(({ best }) => best.macroF1),
      lastMacroF1: over(({ last }) => last.macroF1),
      trainAccuracy: over(({ trainAccuracy }) => trainAccuracy),
    };
  });
  return rows.sort((a, b) => conditions.indexOf(a.condition) - conditions.indexOf(b.condition));
}

export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

const FIGURES = [
  ['WAR best', 'bestAccuracy'],
  ['WAR last', 'lastAccuracy'],
  ['UAR best', 'bestMeanClassAccuracy'],
  ['UAR last', 'lastMeanClassAccuracy'],
  ['macro F1 best', 'bestMacroF1'],
  ['macro F1 last', 'lastMacroF1'],
  ['training labels fitted', 'trainAccuracy'],
] as const;

const COLUMNS: readonly (readonly [string, (row: ResultRow) => string])[] = [
  ['condition', ({ condition }) => condition],
  ['method', ({ method }) => method],
  ['seeds', ({ seeds }) => String(seeds)],
  ...FIGURES.map(([name, figure]): readonly [string, (row: ResultRow) => string] => [
    name,
    (row) => percent(row[figure], row.seeds),
  ]),
];

/** The table in Markdown, in percent, with the standard deviation where there are several seeds. */
export function markdownResults(rows: readonly ResultRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(COLUMNS.map(([name]) => name)),
    line(COLUMNS.map(() => '---')),
    ...rows.map((row) => line(COLUMNS.map(([, cell]) => cell(row)))),
  ].join('\n');
}

/** Without a deviation for a single run, which has no spread. */
function percent({ mean, deviation }: Spread, seeds: number): string {
  return (100 * mean).toFixed(1) + (seeds > 1 ? ` ± ${(100 * deviation).toFixed(1)}` : '');
}

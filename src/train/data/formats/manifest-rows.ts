import { z } from 'zod';
import { FerError, closest } from '../../../errors/fer-error.js';
import type { Collector } from '../reading/define-reader.js';
import type { IndexRow } from '../read-csv.js';
import { readCsv, readIndex, readLines } from '../read-csv.js';

/** A row of a manifest as it was written; what is not there is the empty text. */
export interface ManifestRow {
  readonly line: number;
  readonly path: string;
  readonly label: string;
  /** A list, or the name of a file with one label a line; null where `label` holds for all. */
  readonly frameLabels: readonly (string | null)[] | string | null;
  readonly start: string;
  readonly end: string;
  readonly subject: string;
  readonly split: string;
}

const COLUMNS = ['path', 'label', 'frameLabels', 'start', 'end', 'subject', 'split'] as const;

// Tables written by programs, pandas for one, have null where a cell is empty.
const word = z.union([z.string(), z.number()]).transform(String);
const cell = word.nullish().transform((value) => value ?? '');
const JSON_ROW = z.strictObject({
  path: z.string().min(1),
  label: cell,
  frameLabels: z.union([z.string(), z.array(word.nullable())]).nullish(),
  start: cell,
  end: cell,
  subject: cell,
  split: cell,
});

/**
 * The rows of a manifest; those that cannot be understood are noted as problems.
 * @throws FerError CONFIG_INVALID for a CSV without the column "path", or with a column of an unknown name
 */
export async function readManifestRows(file: string, found: Collector): Promise<ManifestRow[]> {
  return /^\s*\{/.test(await readIndex(file)) ? jsonRows(file, found) : csvRows(file, await readCsv(file), found);
}

function csvRows(file: string, [header, ...rows]: readonly IndexRow[], found: Collector): ManifestRow[] {
  const plain = (name: string): string => name.toLowerCase().replace(/[\s_]/g, '');
  const known = new Map(COLUMNS.map((name) => [plain(name), name]));
  const taken = new Set<string>();
  const names = (header?.cells ?? []).map((cell) => {
    // Spreadsheets leave empty columns behind.
    if (cell === '') return null;
    const name = known.get(plain(cell));
    if (name === undefined) {
      throw new FerError(
        'CONFIG_INVALID',
        `${file}: unknown column "${cell}" in the first line: did you mean "${closest(cell, COLUMNS)}"? (known: ${COLUMNS.join(', ')})`,
      );
    }
    if (taken.has(name))
      throw new FerError(
        'CONFIG_INVALID',
        `${file}: the first line has the column "${name}" twice: remove or rename one`,
      );
    taken.add(name);
    return name;
  });
  if (!names.includes('path'))
    throw new FerError(
      'CONFIG_INVALID',
      `${file}: the first line names no column "path" (known: ${COLUMNS.join(', ')})`,
    );
  return rows.flatMap(({ line, cells }) => {
    const cell = (name: (typeof COLUMNS)[number]): string => cells[names.indexOf(name)] ?? '';
    const surplus = cells.findIndex((value, i) => value !== '' && (names[i] ?? null) === null);
    if (surplus >= 0 || cell('path') === '') {
      found.unreadable(
        { file, line },
        cell('path') === ''
          ? 'has no path'
          : `has a cell ("${cells[surplus]!}") in no column: quote cells that hold the separator`,
      );
      return [];
    }
    const frameLabels = cell('frameLabels');
    return [
      {
        line,
        path: cell('path'),
        label: cell('label'),
        frameLabels: frameLabels === '' ? null : frameLabels,
        start: cell('start'),
        end: cell('end'),
        subject: cell('subject'),
        split: cell('split'),
      },
    ];
  });
}

async function jsonRows(file: string, found: Collector): Promise<ManifestRow[]> {
  return (await readLines(file)).flatMap(({ line, text: content }) => {
    const parsed = JSON_ROW.safeParse(fromJson(content));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      found.unreadable({ file, line }, `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not a row'}`.trim());
      return [];
    }
    const { frameLabels = null, ...cells } = parsed.data;
    return [{ line, ...cells, frameLabels }];
  });
}

/** Undefined where it is not JSON. */
function fromJson(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}

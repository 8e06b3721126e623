import { readFile } from 'node:fs/promises';
import { FerError } from '../../errors/fer-error.js';

/** A line of an index with its place, counted from 1. */
export interface IndexLine {
  readonly line: number;
  readonly text: string;
}

/** A row of a CSV index with the line on which it begins. */
export interface IndexRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * An index as text: without byte-order mark, Windows and old Mac line ends made plain.
 * @throws FerError INPUT_NOT_FOUND when it cannot be read
 */
export async function readIndex(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${path}: the index of the data set cannot be read: check that the folder is the data set's root`,
      { cause },
    );
  });
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
}

/** The lines of an index that hold something, without margins. */
export async function readLines(path: string): Promise<IndexLine[]> {
  const lines = (await readIndex(path)).split('\n');
  return lines.map((text, index) => ({ line: index + 1, text: text.trim() })).filter(({ text }) => text !== '');
}

/** The rows of a CSV index that hold something; cells are trimmed. */
export async function readCsv(path: string): Promise<IndexRow[]> {
  return parseCsv(await readIndex(path));
}

/** RFC 4180: commas, double quotes with doubled quotes inside, line breaks within quotes. Blank lines are left out. */
export function parseCsv(text: string): IndexRow[] {
  const rows: IndexRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  let line = 1;
  let beginsAt = 1;
  const endRow = (): void => {
    cells.push(cell.trim());
    if (cells.some((value) => value !== '')) rows.push({ line: beginsAt, cells });
    cells = [];
    cell = '';
  };
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i]!;
    if (character === '\n') line += 1;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else isQuoted = false;
    } else if (character === '"' && cell.trim() === '') {
      cell = '';
      isQuoted = true;
    } else if (character === ',') {
      cells.push(cell.trim());
      cell = '';
    } else if (character === '\n') {
      endRow();
      beginsAt = line;
    } else cell += character;
  }
  endRow();
  return rows;
}

/** Column names, as written in the first row, to their places; names are compared without case, spaces and underscores. */
export function columns(header: IndexRow | undefined): (name: string) => number | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[\s_]/g, '');
  const places = new Map((header?.cells ?? []).map((name, index) => [plain(name), index]));
  return (name) => places.get(plain(name));
}

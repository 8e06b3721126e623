import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { CsvError, parse } from 'csv-parse/sync';
import { FerError } from '../../errors/fer-error.js';
import { decodeText, encodingOf } from '../../files/text-file.js';

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
 * An index as text, from any of the encodings spreadsheets write: without byte-order mark, with plain line ends.
 * @throws FerError INPUT_NOT_FOUND when it cannot be read
 */
export async function readIndex(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw indexError(path, cause);
  });
  return decodeText(bytes).replace(/\r\n?/g, '\n');
}

/** Lines of an index that is too large to be read as a whole. @throws FerError INPUT_NOT_FOUND when it cannot be read */
export async function* streamLines(path: string): AsyncGenerator<string> {
  try {
    const input = createReadStream(path, await encodingOf(path));
    for await (const line of createInterface({ input, crlfDelay: Infinity })) yield line;
  } catch (cause) {
    throw indexError(path, cause);
  }
}

function indexError(path: string, cause: unknown): FerError {
  return new FerError(
    'INPUT_NOT_FOUND',
    `${path}: the index of the data set cannot be read: check that the folder is the data set's root`,
    { cause },
  );
}

/** The lines of an index that hold something, without margins. */
export async function readLines(path: string): Promise<IndexLine[]> {
  const lines = (await readIndex(path)).split('\n');
  return lines.map((text, index) => ({ line: index + 1, text: text.trim() })).filter(({ text }) => text !== '');
}

/**
 * The rows of a CSV index that hold something; cells are trimmed.
 * @param header a column of its first line. Without that line, whose separators are counted, it is read with commas: rows may hold lists with others.
 * @throws FerError INPUT_NOT_FOUND when it cannot be read, and what `parseCsv` throws
 */
export async function readCsv(path: string, header?: string): Promise<IndexRow[]> {
  const text = await readIndex(path);
  const hasHeader = header === undefined || text.slice(0, 1000).split('\n', 1)[0]!.includes(header);
  return parseCsv(text, path, hasHeader ? separatorOf(text) : { delimiter: ',', said: false });
}

/** The cell separator: from "sep=;" (Excel), or the most frequent one in the first line outside quotes. */
export function separatorOf(text: string): { readonly delimiter: string; readonly said: boolean } {
  const first = text.trimStart().split('\n', 1)[0]!;
  const said = /^"?sep=(.)"?$/i.exec(first.trim())?.[1];
  if (said !== undefined) return { delimiter: said, said: true };
  const plain = first.replace(/"[^"]*"/g, '');
  const count = (candidate: string): number => plain.split(candidate).length - 1;
  const delimiter = [',', ';', '\t'].reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
  return { delimiter, said: false };
}

/**
 * RFC 4180, with commas, semicolons or tabs. Rows without content are left out, and rows may differ in length.
 * @param text with plain line ends
 * @param name of the file, for messages
 * @throws FerError INPUT_UNREADABLE with the line, where quotes are not closed or are followed by more text
 */
export function parseCsv(text: string, name: string, { delimiter, said } = separatorOf(text)): IndexRow[] {
  let line = 1;
  const rows: IndexRow[] = [];
  try {
    parse(text, {
      ...{
        raw: true,
        trim: true,
        delimiter,
        bom: true,
        relax_quotes: true,
        relax_column_count: true,
        skip_empty_lines: true,
      },
      // In raw mode a record comes with its text, from which the line is counted on which it begins.
      onRecord: (entry: unknown, { lines }) => {
        const { record: cells, raw } = entry as { record: string[]; raw: string };
        const isSeparator = said && rows.length === 0 && /^sep=/i.test(cells[0] ?? '');
        if (!isSeparator && cells.some((cell) => cell !== '')) rows.push({ line: line + blankLines(raw), cells });
        line = lines + 1;
        return null;
      },
    });
    return rows;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const [at, what] =
      cause.code === 'CSV_QUOTE_NOT_CLOSED'
        ? [line + blankLines(String(cause['raw'])), 'a quote is opened in this row and never closed: add the missing "']
        : [
            Number(cause['lines'] ?? line),
            'text after the closing quote of a cell: write quotes inside a cell twice ("")',
          ];
    throw new FerError('INPUT_UNREADABLE', `${name}, line ${at}: ${what}`, { cause });
  }
}

/** Before a record begins. */
function blankLines(raw: string): number {
  return (/^(?:[^\S\n]*\n)*/.exec(raw)?.[0].split('\n').length ?? 1) - 1;
}

/** Column names, as written in the first row, to their places; names are compared without case, spaces and underscores. */
export function columns(header: IndexRow | undefined): (name: string) => number | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[\s_]/g, '');
  const places = new Map((header?.cells ?? []).map((name, index) => [plain(name), index]));
  return (name) => places.get(plain(name));
}

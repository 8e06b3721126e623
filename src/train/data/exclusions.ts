import { FerError } from '../../errors/fer-error.js';
import { readText } from '../../files/text-file.js';
import type { TrainConfig } from '../config/train-config.js';
import { columns, parseCsv } from './read-csv.js';

/** Rows to leave out of training. */
export interface Exclusions {
  /** As given. */
  readonly file: string;
  /** Lines of the file, by the ids of the rows. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Rows that a run leaves out of its training part. */
export interface ExcludedRows {
  readonly ids: ReadonlySet<string>;
  /** How many, by reason; empty where there is nothing. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Further messages. */
  readonly notes: readonly string[];
}

/**
 * The rows marked in an audit.csv: those whose column "exclude" says yes or, where `above` is given, those whose score exceeds it.
 * @throws FerError INPUT_NOT_FOUND, CONFIG_INVALID naming the line
 */
export async function readExclusions({ file, above }: NonNullable<TrainConfig['exclude']>): Promise<Exclusions> {
  const text = await readText(file).catch((cause: unknown) => {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `exclude: ${file} cannot be read: name the audit.csv that fer audit or a training run has written`,
      { cause },
    );
  });
  const [header, ...rows] = parseCsv(text, file);
  const column = columns(header);
  const by = above === null ? 'exclude' : 'score';
  const [idPlace, markPlace] = [column('id'), column(by)];
  if (idPlace === undefined || markPlace === undefined)
    throw new FerError(
      'CONFIG_INVALID',
      `exclude: ${file} has no column "${idPlace === undefined ? 'id' : by}": give an audit.csv as fer audit writes it`,
    );
  const marked = rows.filter(({ line, cells }) => {
    const value = cells[markPlace] ?? '';
    if (above !== null) {
      if (value === '' || Number.isNaN(Number(value)))
        throw new FerError('CONFIG_INVALID', `exclude: ${file}, line ${line}: score "${value}" is not a number`);
      return Number(value) > above;
    }
    if (!['yes', 'no', ''].includes(value.toLowerCase()))
      throw new FerError(
        'CONFIG_INVALID',
        `exclude: ${file}, line ${line}: "${value}" in the column "exclude": write yes or no`,
      );
    return value.toLowerCase() === 'yes';
  });
  return { file, lines: new Map(marked.map(({ line, cells }) => [cells[idPlace] ?? '', line])) };
}

/**
 * What a configuration excludes, and notes about it. Ids that the data set does not have are reported; if it has none of them, it is another
 * data set's audit.
 * @param training ids of the rows that would be trained on
 * @param all gives the ids of all rows of the data set; only called where something is excluded
 * @throws FerError CONFIG_INVALID when no id is in the data set, and what `readExclusions` throws
 */
export async function excludedRows(
  { exclude, data }: Pick<TrainConfig, 'exclude' | 'data'>,
  training: Iterable<string>,
  all: () => Iterable<string>,
): Promise<ExcludedRows> {
  if (exclude === null) return { ids: new Set(), leftOut: {}, notes: [] };
  const { file, lines } = await readExclusions(exclude);
  const ids = new Set([...training].filter((id) => lines.has(id)));
  const unknown = new Map(lines);
  for (const id of all()) unknown.delete(id);
  const [first] = unknown;
  if (first !== undefined && unknown.size === lines.size) {
    throw new FerError(
      'CONFIG_INVALID',
      `exclude: ${data} has none of the ${lines.size} rows marked in ${file}, such as "${first[0]}" (line ${first[1]}): give the audit of this data set`,
    );
  }
  const elsewhere = lines.size - ids.size - unknown.size;
  return {
    ids,
    leftOut: ids.size === 0 ? {} : { [`excluded by ${file}`]: ids.size },
    notes: [
      ...(ids.size === 0 ? [`${file} excludes no training row`] : []),
      ...(first === undefined
        ? []
        : [`${file}: marked, but not in this data set: ${unknown.size}, such as "${first[0]}" (line ${first[1]})`]),
      ...(elsewhere === 0 ? [] : [`${file}: marked, but not in the training part, and kept: ${elsewhere}`]),
    ],
  };
}

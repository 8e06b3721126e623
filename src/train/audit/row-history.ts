import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { ROW_COLUMNS } from '../records/epoch-tables.js';
import { runFolder } from '../records/run-folder.js';

/** How a run saw its training rows, epoch by epoch. */
export interface RowHistory {
  readonly labels: readonly string[];
  /** Names of the rows. [R] */
  readonly rows: readonly string[];
  /** The labels trained with, -1 without one. [R] */
  readonly given: readonly number[];
  /** Whole epochs. */
  readonly epochs: number;
  /** p_GT, p_NN and predicted class; NaN where a row was not drawn. [epochs, R, 3] */
  readonly values: Float32Array;
}

const schema = z.object({
  labels: z.array(z.string()).min(2),
  rows: z.array(z.string()),
  given: z.array(z.int().min(-1)),
});

/** True for the folder of a training run, as opposed to that of a model. */
export async function isRunFolder(path: string): Promise<boolean> {
  return readFile(runFolder(path).ambiguityIndex).then(
    () => true,
    () => false,
  );
}

/** @throws FerError INPUT_NOT_FOUND without a run with a whole epoch; INPUT_UNREADABLE for files of different runs */
export async function readRowHistory(path: string): Promise<RowHistory> {
  const { ambiguity, ambiguityIndex } = runFolder(path);
  const none = (cause: unknown): never => {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${path} contains no training run with a finished epoch: give a complete folder of fer train`,
      { cause },
    );
  };
  const [text, bytes] = await Promise.all([
    readFile(ambiguityIndex, 'utf8').catch(none),
    readFile(ambiguity).catch(none),
  ]);
  const { labels, rows, given } = parse(text, ambiguityIndex);
  const size = rows.length * ROW_COLUMNS;
  const epochs = size === 0 ? 0 : Math.floor(bytes.length / (size * Float32Array.BYTES_PER_ELEMENT));
  if (epochs === 0) none(undefined);
  // A copy, because floats must begin at a multiple of four.
  const values = new Float32Array(
    Uint8Array.from(bytes.subarray(0, epochs * size * Float32Array.BYTES_PER_ELEMENT)).buffer,
  );
  if (values.some((value, i) => i % ROW_COLUMNS === 2 && value >= labels.length))
    throw misfit(ambiguity, 'it names classes that its index does not');
  return { labels, rows, given, epochs, values };
}

function parse(text: string, path: string): z.output<typeof schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw misfit(path, (error as Error).message, error);
  }
  const result = schema.safeParse(json);
  if (!result.success) throw misfit(path, result.error.issues[0]!.message, result.error);
  const { labels, rows, given } = result.data;
  if (given.length !== rows.length || given.some((label) => label >= labels.length))
    throw misfit(path, 'its labels do not fit its rows');
  return result.data;
}

function misfit(path: string, why: string, cause?: unknown): FerError {
  return new FerError('INPUT_UNREADABLE', `${path} is damaged (${why}): train again into another folder`, { cause });
}

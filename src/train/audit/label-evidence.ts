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

/** A network's posteriors of one labelled row: in every epoch that drew it, or in a single look. */
export interface LabelEvidence {
  readonly id: string;
  /** Class index. */
  readonly given: number;
  /** Mean over the looks of ln((1 - p_GT) / p_GT): the odds that the label is another than the one given. */
  readonly logOdds: number;
  /**
   * Mean posteriors. A run keeps those of the given label and of the best other class, which it names only where that is predicted; elsewhere it is
   * taken to be the one that has most in the other epochs. What a run does not know is 0, so that they may add up to less than 1. [C]
   */
  readonly posteriors: Float64Array;
  /** Mean p_NN. */
  readonly nearest: number;
  /** Share of the looks in which another class was predicted. */
  readonly disagreed: number;
  /** Epochs in which it was drawn; 1 for a single look. */
  readonly looks: number;
}

/** Posteriors are held this far from 0 and 1, so that a single epoch cannot decide. */
const SURE = 1e-4;

function logOddsOf(truth: number): number {
  return Math.log((1 - truth + SURE) / (truth + SURE));
}

/** Evidence from the epochs of a run. Rows without a label and rows never drawn are left out. */
export function evidenceOfRun({ labels, rows, given, epochs, values }: RowHistory): LabelEvidence[] {
  return rows.flatMap((id, row) => {
    const own = given[row]!;
    const sums = new Float64Array(labels.length);
    let [logOdds, nearest, disagreed, looks, unnamed] = [0, 0, 0, 0, 0];
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const at = (epoch * rows.length + row) * ROW_COLUMNS;
      const [truth, other, predicted] = [values[at]!, values[at + 1]!, values[at + 2]!];
      if (own < 0 || Number.isNaN(predicted)) continue;
      looks += 1;
      logOdds += logOddsOf(truth);
      nearest += other;
      sums[own]! += truth;
      if (predicted === own) unnamed += other;
      else {
        disagreed += 1;
        sums[predicted]! += other;
      }
    }
    if (looks === 0) return [];
    const rival = sums.reduce((best, sum, k) => (k !== own && sum > (best < 0 ? 0 : sums[best]!) ? k : best), -1);
    if (rival >= 0) sums[rival]! += unnamed;
    return [
      {
        id,
        given: own,
        logOdds: logOdds / looks,
        posteriors: sums.map((sum) => sum / looks),
        nearest: nearest / looks,
        disagreed: disagreed / looks,
        looks,
      },
    ];
  });
}

/** Evidence from a single look. @param posteriors over all classes [C] */
export function evidenceOfLook(id: string, given: number, posteriors: Float64Array): LabelEvidence {
  const nearest = posteriors.reduce((most, p, k) => (k === given ? most : Math.max(most, p)), 0);
  return {
    id,
    given,
    logOdds: logOddsOf(posteriors[given]!),
    posteriors,
    nearest,
    disagreed: nearest > posteriors[given]! ? 1 : 0,
    looks: 1,
  };
}

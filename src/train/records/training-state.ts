import { readFile } from 'node:fs/promises';
import { FerError } from '../../errors/fer-error.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import type { EpochRecord } from './epoch-tables.js';

/** All weights of a model in two flat lists: how the optimizer, the workers and the saved state see them. */
export interface WeightVectors {
  /** Trained weights. [P] */
  readonly trained: Float32Array;
  /** Moving statistics of batch normalisation. [Q] */
  readonly moving: Float32Array;
}

/** Moments of the gradients so far. [P] */
export interface AdamState {
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Steps taken. */
  steps: number;
}

/** Everything a run needs to resume as if it had not been interrupted. Random numbers come from the seed, epoch and sample, so they need no state. */
export interface TrainingState {
  /** Epochs done. */
  readonly epoch: number;
  /** The epoch whose model is kept as the best; 0 before the first. */
  readonly bestEpoch: number;
  /** The measure that chose it. */
  readonly bestScore: number;
  readonly history: readonly EpochRecord[];
  /** Fingerprint of the configuration and data: another run's state must not be taken. */
  readonly fingerprint: string;
  readonly weights: WeightVectors;
  readonly adam: AdamState;
  /** Moving average of trained and moving weights; null where none is kept. */
  readonly average: WeightVectors | null;
}

const MAGIC = 'ferstate1';

interface Header {
  readonly magic: string;
  readonly lengths: readonly number[];
  readonly steps: number;
  readonly hasAverage: boolean;
  readonly epoch: number;
  readonly bestEpoch: number;
  readonly bestScore: number;
  readonly history: readonly EpochRecord[];
  readonly fingerprint: string;
}

/** JSON has no Infinity or NaN: a diverged loss, the score before the first epoch. No other header text looks like these. */
const SPELT: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];
const spell = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
const unspell = (_key: string, value: unknown): unknown => (SPELT.includes(value) ? Number(value) : value);

/** Writes a temporary file, flushes and renames it: there is always one whole state. */
export async function saveTrainingState(path: string, state: TrainingState): Promise<void> {
  const { weights, adam, average } = state;
  const lists = [
    weights.trained,
    weights.moving,
    adam.first,
    adam.second,
    ...(average === null ? [] : [average.trained, average.moving]),
  ];
  const header: Header = {
    magic: MAGIC,
    lengths: lists.map(({ length }) => length),
    steps: adam.steps,
    hasAverage: average !== null,
    epoch: state.epoch,
    bestEpoch: state.bestEpoch,
    bestScore: state.bestScore,
    history: state.history,
    fingerprint: state.fingerprint,
  };
  const text = Buffer.from(JSON.stringify(header, spell));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  await writeFileAtomic(
    path,
    Buffer.concat([
      size,
      text,
      ...lists.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    ]),
  );
}

/**
 * @returns null where there is none yet
 * @throws FerError CONFIG_INVALID for a file that is damaged
 */
export async function loadTrainingState(path: string): Promise<TrainingState | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const size = bytes.readUInt32LE(0);
    const header = JSON.parse(bytes.toString('utf8', 4, 4 + size), unspell) as Header;
    if (header.magic !== MAGIC) throw new Error('not a training state');
    let offset = 4 + size;
    const lists = header.lengths.map((length) => {
      if (offset + 4 * length > bytes.length) throw new Error('cut off');
      // A copy, because floats must begin at a multiple of four.
      const list = new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + 4 * length)).buffer);
      offset += 4 * length;
      return list;
    });
    if (offset !== bytes.length) throw new Error('too long');
    const { epoch, bestEpoch, bestScore, history, fingerprint, steps, hasAverage } = header;
    return {
      epoch,
      bestEpoch,
      bestScore,
      history,
      fingerprint,
      weights: { trained: lists[0]!, moving: lists[1]! },
      adam: { first: lists[2]!, second: lists[3]!, steps },
      average: hasAverage ? { trained: lists[4]!, moving: lists[5]! } : null,
    };
  } catch (error) {
    throw new FerError(
      'CONFIG_INVALID',
      `training state ${path} is damaged (${(error as Error).message.replaceAll(/\s+/g, ' ')}): remove it to start again`,
      { cause: error },
    );
  }
}

import type { OnRead } from '../data/training/training-set.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import type { RunFolder } from '../records/run-folder.js';

// What users of a training see, without a type of TensorFlow.js: those do not compile under "strict" without skipLibCheck.

export interface TrainOptions {
  /** Resume the run in the folder. Without it, a folder that holds a run is refused. */
  readonly resume?: boolean;
  /**
   * Threads that share the micro-batches of a step; a new run whose configuration does not set `microBatches` gets one for each. Left out,
   * the calling thread computes, and an interruption waits for the current micro-batch.
   */
  readonly workers?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onMessage?: (line: string) => void;
  readonly onRead?: OnRead;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly onEpoch?: (record: EpochRecord, isBest: boolean) => void;
}

export interface StepProgress {
  /** From 1. */
  readonly epoch: number;
  /** Samples of the epoch. */
  readonly done: number;
  readonly total: number;
  readonly loss: number;
}

export interface TrainingOutcome {
  readonly folder: RunFolder;
  readonly history: readonly EpochRecord[];
  readonly bestEpoch: number;
  /** False when it was interrupted before the last epoch was done. */
  readonly isComplete: boolean;
}

import type * as tf from '@tensorflow/tfjs';
import type { CheckpointInfo } from '../../model/checkpoint/index.js';
import type { Split } from '../datasets/index.js';
import type { EvaluationSet, TrainingSet } from './training-set.js';

/** What of the data set is used, and why not the rest. */
export interface DataReport {
  /** Images or clips. */
  readonly training: number;
  readonly validation: number;
  /** Not used, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** A network and the data to fit it to. */
export interface TrainingTask {
  readonly model: tf.LayersModel;
  readonly training: TrainingSet;
  readonly validation: EvaluationSet | null;
  /** What the checkpoints say of themselves, besides their figures. */
  readonly info: Omit<CheckpointInfo, 'format' | 'metrics'>;
  readonly report: DataReport;
  dispose(): void;
}

/** Called with the number of files read so far. */
export type OnRead = (done: number, total: number) => void;

/** Opens the split that a finished model is measured on. */
export type OpenSplit = (split: Split) => Promise<EvaluationSet>;

import type * as tf from '@tensorflow/tfjs';
import type { LabelSet } from '../../model/label-set.js';
import type { Figures } from './describe-checkpoint.js';
import type { EvaluationSet, TrainingSet } from '../data/training/training-set.js';

/** What of the data set is used, and why not the rest. */
export interface DataReport {
  /** Images or clips. */
  readonly training: number;
  readonly validation: number;
  /** Not used, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** What else there is to tell. */
  readonly notes?: readonly string[];
}

/** A network and the data to fit it to. */
export interface TrainingJob {
  readonly model: tf.LayersModel;
  readonly training: TrainingSet;
  readonly validation: EvaluationSet | null;
  readonly labels: LabelSet;
  readonly report: DataReport;
  /** Writes the model as it stands as a model folder. */
  save(folder: string, figures: Figures): Promise<void>;
  /** Before a run is taken up. @throws FerError CONFIG_INVALID when the model folder stands on another frame network than the task's */
  assertResumable(folder: string): Promise<void>;
  dispose(): void;
}

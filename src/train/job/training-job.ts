import type * as tf from '@tensorflow/tfjs';
import type { LabelSet } from '../../model/label-set.js';
import type { Figures } from './describe-checkpoint.js';
import type { EvaluationSet, TrainingSet } from '../data/training/training-set.js';

/** How much of the data set is used, and why the rest is not. */
export interface DataReport {
  /** Images or clips. */
  readonly training: number;
  readonly validation: number;
  /** Not used, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Further notes for the user. */
  readonly notes?: readonly string[];
}

/** A network and the data to fit it to. */
export interface TrainingJob {
  readonly model: tf.LayersModel;
  readonly training: TrainingSet;
  readonly validation: EvaluationSet | null;
  readonly labels: LabelSet;
  readonly report: DataReport;
  /** Saves the current model as a model folder. */
  save(folder: string, figures: Figures): Promise<void>;
  /** Called before a run resumes. @throws FerError CONFIG_INVALID when the model folder uses another frame network than this job */
  assertResumable(folder: string): Promise<void>;
  dispose(): void;
}

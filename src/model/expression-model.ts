import type { CropGeometry, FaceCrop } from './crop-geometry.js';
import type { LabelSet } from './label-set.js';
import type { QualityCalibration } from './quality-calibration.js';

/** The expression models that ship with ferstream. All but the baseline are folders of `models/`. */
export const MODEL_NAMES = ['default', 'baseline'] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** The default expression model. */
export const DEFAULT_MODEL: ModelName = 'default';

/** Context that the temporal encoder needs around the observations it classifies. */
export interface ClipContext {
  /** Observations before the first one to classify. */
  readonly past: number;
  /** Observations after the last one to classify; in live use none, and as many more before. */
  readonly future: number;
  /** Observations classified at a time. */
  readonly hop: number;
}

/** Consecutive observations of one face. */
export interface Clip {
  /** What `encode` returned for each observation. [T][D] */
  readonly features: readonly Float32Array[];
  /** Presentation time of each observation in seconds. [T] */
  readonly timestamps: readonly number[];
  /** Observations from..to-1 are to be classified; the others are context. */
  readonly from: number;
  readonly to: number;
}

/**
 * An expression model: frame encoder -> clip window -> temporal encoder -> posteriors for every frame.
 */
export interface ExpressionModel {
  readonly name: string;
  readonly version: string;
  readonly labels: LabelSet;
  readonly crop: CropGeometry;
  /** Whether it averages over a crop and its mirror image (flip test-time augmentation). */
  readonly flipTta: boolean;
  /** Its training crops: detected and aligned faces, or whole images. */
  readonly framing: 'aligned' | 'whole';
  readonly context: ClipContext;
  /**
   * Class frequencies of its training set [C]; its posteriors are then for classes that are all alike, and a prior is put back with
   * `priorAdapter`. Null: not known, and posteriors are for those of training, whatever they were.
   */
  readonly trainingPrior: readonly number[] | null;
  /** By how much small, blurred and turned faces raise the temperature of posteriors; null: not known, not at all. */
  readonly qualityCalibration: QualityCalibration | null;
  /** Frame encoder: one feature vector for each crop; all crops have `this.crop` as geometry. */
  encode(crops: readonly FaceCrop[]): Promise<Float32Array[]>;
  /** Temporal encoder and classifier: posteriors over `labels` for observations from..to-1. [to - from][C] */
  classify(clip: Clip): Promise<Float32Array[]>;
  dispose(): void;
}

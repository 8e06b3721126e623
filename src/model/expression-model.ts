import { FerError } from '../errors/fer-error.js';
import type { CropGeometry, FaceCrop } from './crop-geometry.js';
import type { LabelSet } from './label-set.js';

/** How good the picture of a face is, as far as confidence depends on it. */
export interface PictureQuality {
  /** Distance between the eyes' centres in pixels. */
  readonly size: number;
  /** 0 (blurred) to 1 (sharp). */
  readonly sharpness: number;
  /** Degrees; 0 is frontal. */
  readonly yaw: number;
}

/** By how much each lack of quality raises the logarithm of the temperature; fitted on degraded faces that were set aside. */
export interface QualityCalibration {
  /** For each halving of the eyes' distance below AMPLE_SIZE. */
  readonly size: number;
  /** From sharp to blurred. */
  readonly sharpness: number;
  /** For each 45 degrees of yaw beyond FRONTAL_YAW. */
  readonly yaw: number;
}

/** Pixels between the eyes from which more change nothing: as many as in the pictures that networks learn from. */
const AMPLE_SIZE = 18;
/** Degrees of yaw up to which a face counts as frontal. */
const FRONTAL_YAW = 20;
/** Higher temperatures make no difference: posteriors are flat. */
const MOST = 20;

/** Temperature of a face's posteriors relative to those of a good picture: 1 for a good one, never below. */
export function qualityTemperature({ size, sharpness, yaw }: PictureQuality, by: QualityCalibration): number {
  const halvings = Math.max(0, Math.log2(AMPLE_SIZE / Math.max(1, size)));
  const turned = Math.max(0, Math.abs(yaw) - FRONTAL_YAW) / 45;
  const rise = by.size * halvings + by.sharpness * (1 - sharpness) + by.yaw * turned;
  return Math.min(MOST, Math.exp(Math.max(0, rise)));
}

/** Posteriors at another temperature: p^(1 / T), normalised; flat for a very high one. [C] -> [C] */
export function tempered(posteriors: Float32Array, temperature: number): Float32Array {
  if (temperature === 1) return posteriors;
  const raised = posteriors.map((p) => Math.max(p, 1e-9) ** (1 / temperature));
  const sum = raised.reduce((total, p) => total + p, 0);
  return raised.map((p) => p / sum);
}

/**
 * Checks posteriors once per batch: a damaged checkpoint or engine must not end as results.
 * @param posteriors [n][C]
 * @throws FerError MODEL_BROKEN for NaN or infinity
 */
export function requireFinite(posteriors: readonly ArrayLike<number>[], model: string): void {
  for (const row of posteriors) {
    for (let k = 0; k < row.length; k += 1) {
      if (!Number.isFinite(row[k]))
        throw new FerError(
          'MODEL_BROKEN',
          `model ${model} computes values that are not numbers; its checkpoint is damaged or did not train: use another one`,
        );
    }
  }
}

/** The expression models that ship with ferstream. All but "face-api" are folders of `models/`. */
export const MODEL_NAMES = ['default', 'face-api'] as const;

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
  /** Features from `encode`, one per observation. [T][D] */
  readonly features: readonly Float32Array[];
  /** Presentation time of each observation in seconds. [T] */
  readonly timestamps: readonly number[];
  /** Observations from..to-1 are classified; the others are context. */
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
   * `priorAdapter`. Null: unknown; posteriors are for those of training.
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

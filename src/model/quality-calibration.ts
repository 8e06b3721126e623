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

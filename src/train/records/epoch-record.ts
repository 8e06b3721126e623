import type { SplitMetrics } from '../metrics/split-metrics.js';
import { learntNothing, temperatureAtLimit } from '../metrics/warnings.js';
import type { Calibration } from '../metrics/calibration.js';

/** What one epoch of training gave. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** Mean over the epoch's samples of what was minimised. */
  readonly loss: number;
  /** Mean of the loss's named parts, e.g. { supervised, consistency }. */
  readonly parts: Readonly<Record<string, number>>;
  /** Against the labels trained with, on augmented samples, as they were seen. */
  readonly trainAccuracy: number;
  /** Null where nothing was set aside. */
  readonly validation: SplitMetrics | null;
  /** The temperature fitted on the validation samples, and their calibration with it; null without validation. */
  readonly calibration: Calibration | null;
  /** Of wall clock, validation included. */
  readonly seconds: number;
  /** Samples (images or clips) trained on per second of wall clock. */
  readonly samplesPerSecond: number;
}

/** Names of all parts the loss had in any epoch, in the order they first appear: a warm-up may have fewer than what follows. */
export function partNames(history: readonly EpochRecord[]): string[] {
  return [...new Set(history.flatMap(({ parts }) => Object.keys(parts)))];
}

/** What a reader must know before the figures of an epoch, each as one sentence; empty when all is well, or nothing was validated. */
export function recordWarnings(record: Pick<EpochRecord, 'validation' | 'calibration'> | undefined): string[] {
  if (!record?.validation) return [];
  const { validation, calibration } = record;
  return [learntNothing(validation), calibration && temperatureAtLimit(calibration.temperature)].filter(
    (line) => line !== null,
  );
}

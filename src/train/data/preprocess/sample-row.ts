import type { CropFlaw } from './crop-check.js';
import type { Sample } from '../sample.js';

/** Where a sample's crops come from: a detected face, the whole image, nowhere (no face), nowhere (unreadable). */
export const ORIGINS = ['detected', 'whole', 'none', 'failed'] as const;
export type CropOrigin = (typeof ORIGINS)[number];

/** A frame that was read, the only one of an image included. */
export interface PreparedFrame {
  /** Place in the footage, or in the stretch of it that is meant, counted from 0. */
  readonly index: number;
  /** Seconds. */
  readonly timestamp: number;
  /** Place of its face in crops.bin; null where there is none. */
  readonly crop: number | null;
  /** Only where the crop shows no whole face. */
  readonly flaw?: CropFlaw;
}

/** A line of samples.jsonl. */
export interface SampleRow extends Pick<
  Sample,
  'id' | 'kind' | 'split' | 'label' | 'softLabel' | 'contested' | 'subject'
> {
  /** By frame of `frames`, unlike in the data set itself; null where one label holds for all. */
  readonly frameLabels: readonly (string | null)[] | null;
  /** Stands for the content of the sample's files, as duplicates are found by it; null where they cannot be read. */
  readonly content: string | null;
  readonly origin: CropOrigin;
  /** Why it failed, or what damage was met on the way; null when all is well. */
  readonly note: string | null;
  /** The sample's crops are firstCrop .. firstCrop + crops - 1, in order of time. */
  readonly firstCrop: number;
  readonly crops: number;
  readonly frames: readonly PreparedFrame[];
}

/** Number of samples by origin. */
export type OriginCounts = Readonly<Record<CropOrigin, number>>;

export function countOrigins(rows: Iterable<Pick<SampleRow, 'origin'>>): OriginCounts {
  const counts = { detected: 0, whole: 0, none: 0, failed: 0 };
  for (const { origin } of rows) counts[origin] += 1;
  return counts;
}

import type { Box, Point } from '../../../ingest/face/align/geometry.js';
import { luma601 } from '../../../ingest/frame.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { labelAt } from '../sample.js';
import type { Sample } from '../sample.js';

/** Why a crop shows no whole face: part of the face is beyond the picture's edge, or no detail is left. */
export const CROP_FLAWS = ['cut off', 'blurred'] as const;
export type CropFlaw = (typeof CROP_FLAWS)[number];

/** Nose, eyes and mouth of the 68 points of the iBUG scheme: what expressions are read from. */
const FEATURES = { from: 27, to: 68 };
/** Share of these points that may be beyond the edge. */
const MOST_OUTSIDE = 0.15;
/** Share of the picture's sides by which points may miss it: they are not exact. */
const SLACK = 0.02;
/**
 * Share of the detected box that may be beyond an edge, along that side. Landmarks do not tell: where the eyes are missing, they are placed
 * inside the picture all the same. Fewer than 2 % of FERPlus' pictures have more, and two in three that show
 * a face from below the eyes.
 */
const MOST_BEYOND = 0.26;
/** Of 28,000 crops of FERPlus one in a thousand has less detail than 0.23, and is still a face. */
const LEAST_DETAIL = 0.18;
/** Detail is measured at about this side: larger crops of the same picture have less of it per pixel. */
const MEASURED_SIDE = 48;

/**
 * @param face detected box and 68 points in pixels of the picture
 * @param crop cut out by them [S, S, C]
 * @returns null for a crop that shows a whole face
 */
export function cropFlaw(
  { box, landmarks }: { readonly box: Box; readonly landmarks: readonly Point[] },
  { width, height }: { readonly width: number; readonly height: number },
  crop: Uint8Array,
  geometry: CropGeometry,
): CropFlaw | null {
  const points = landmarks.slice(FEATURES.from, FEATURES.to);
  const outside = points.filter(
    ({ x, y }) => x < -SLACK * width || y < -SLACK * height || x > (1 + SLACK) * width || y > (1 + SLACK) * height,
  );
  const beyond = Math.max(
    Math.max(-box.x, box.x + box.width - width) / box.width,
    Math.max(-box.y, box.y + box.height - height) / box.height,
  );
  if (outside.length > MOST_OUTSIDE * points.length || beyond > MOST_BEYOND) return 'cut off';
  return fineDetailOf(crop, geometry) < LEAST_DETAIL ? 'blurred' : null;
}

/** Share of a crop's contrast that is in its finest detail, at a side of 48 to 95 pixels; falls as a face is blurred or was enlarged. */
export function fineDetailOf(crop: Uint8Array, { size, channels }: CropGeometry): number {
  const step = Math.max(1, Math.floor(size / MEASURED_SIDE));
  const side = Math.floor(size / step);
  const grey = new Float32Array(side * side);
  for (let y = 0; y < side * step; y += 1) {
    for (let x = 0; x < side * step; x += 1) {
      const at = (y * size + x) * channels;
      const value = channels === 1 ? crop[at]! : luma601(crop[at]!, crop[at + 1]!, crop[at + 2]!);
      grey[Math.floor(y / step) * side + Math.floor(x / step)]! += value / (step * step);
    }
  }
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const contrast = grey.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  let detail = 0;
  for (let y = 1; y < side - 1; y += 1) {
    for (let x = 1; x < side - 1; x += 1) {
      const at = y * side + x;
      detail += (4 * grey[at]! - grey[at - 1]! - grey[at + 1]! - grey[at - side]! - grey[at + side]!) ** 2;
    }
  }
  return Math.sqrt(detail / Math.max(1, contrast));
}

/** Source of a sample's crops: a detected face, the whole image, none without a face, none as unreadable. */
export type CropOrigin = 'detected' | 'whole' | 'none' | 'failed';

/** A frame that was read, the only one of an image included. */
export interface PreparedFrame {
  /** Index in the footage, or in its labelled stretch, from 0. */
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
  /** Hash of the sample's files, for finding duplicates; null if they cannot be read. */
  readonly content: string | null;
  readonly origin: CropOrigin;
  /** Why it failed, or the damage found; null without a problem. */
  readonly note: string | null;
  /** The sample's crops are firstCrop .. firstCrop + crops - 1, in order of time. */
  readonly firstCrop: number;
  readonly crops: number;
  readonly frames: readonly PreparedFrame[];
}

/** A row without its place in crops.bin, which the store gives. `crop` of a frame counts from the sample's own first one. */
export type UnplacedRow = Omit<SampleRow, 'firstCrop'>;

/** A sample's row. @param outcome what was cut out of it */
export function rowOf(
  sample: Sample,
  content: string | null,
  { origin, note, crops, frames }: Pick<SampleRow, 'origin' | 'note' | 'crops' | 'frames'>,
): UnplacedRow {
  const { id, kind, split, label, softLabel, contested, subject, frameLabels } = sample;
  const labels = frameLabels === null ? null : frames.map(({ index }) => labelAt(sample, index));
  // In the order in which they are read in samples.jsonl.
  return {
    ...{ id, kind, split, label, frameLabels: labels, softLabel },
    ...(contested && { contested }),
    ...{ subject, content, origin, note, crops, frames },
  };
}

/** Number of samples by origin. */
export type OriginCounts = Readonly<Record<CropOrigin, number>>;

export function countOrigins(rows: Iterable<Pick<SampleRow, 'origin'>>): OriginCounts {
  const counts = { detected: 0, whole: 0, none: 0, failed: 0 };
  for (const { origin } of rows) counts[origin] += 1;
  return counts;
}

import type { LabelSet } from '../../model/label-set.js';

/** The official parts of a data set. What a set calls "val", "Validation_Set" or PublicTest is `valid` here. */
export const SPLITS = ['train', 'valid', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** The splits that have samples, in the order of `SPLITS`. */
export function splitsOf(samples: readonly Pick<Sample, 'split'>[]): Split[] {
  return SPLITS.filter((split) => samples.some((sample) => sample.split === split));
}

/** How pictures become crops: used as a whole (data sets of face crops), or faces detected and aligned as in annotation. Videos are always searched for faces. */
export type FaceHandling = 'as-is' | 'detect';

/** The option; `auto`: pictures like those the model was trained on. */
export const FACE_CHOICES = ['auto', 'as-is', 'detect'] as const;
export type FaceChoice = (typeof FACE_CHOICES)[number];

/** One picture of a clip stored as pictures. */
export interface FrameFile {
  /** Place in the footage, counted from 0; gaps stand for frames without a face. */
  readonly index: number;
  readonly path: string;
}

/** A picture in an index file instead of its own file. */
export interface EmbeddedImage {
  /** Its place, such as "fer2013.csv:12". */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly grey: Uint8Array;
}

/** One labelled image or clip. */
export interface Sample {
  /** Unique within its data set and stable between runs. */
  readonly id: string;
  readonly kind: 'image' | 'clip';
  /** Absolute: the image, the video, or the folder of `frames`. */
  readonly path: string;
  /** Only of an image without its own file: `path` is the index. */
  readonly embedded?: EmbeddedImage;
  /** The clip's pictures, in order of time; null for an image and for a video file. */
  readonly frames: readonly FrameFile[] | null;
  /** A label of the data set; null where the clip is labelled frame by frame. */
  readonly label: string | null;
  /** By frame index of the footage: a label, or null for "ignore this frame". Null where one label holds for all. */
  readonly frameLabels: readonly (string | null)[] | null;
  /** How people voted, as shares in the order of the data set's labels, adding up to 1; null where unknown. */
  readonly softLabel: readonly number[] | null;
  /** Only of clips whose pictures are aligned faces already: they are used whole. */
  readonly aligned?: true;
  /** Only where people did not agree: `label` is only the most frequent answer. Used for training, never for validation. */
  readonly contested?: true;
  /** The person; null if the data set does not say. */
  readonly subject: string | null;
  readonly split: Split;
  /** The part of the footage meant, in seconds; null for its beginning and its end. */
  readonly startSeconds: number | null;
  readonly endSeconds: number | null;
  /** Only where one file holds many samples: hash of this one's content; null if it could not be read. */
  readonly content?: string | null;
}

/** Something in the data set that could not be used. Reading continues without it. */
export interface DatasetProblem {
  readonly kind: 'missing-file' | 'unreadable-row';
  /** The index that speaks of it, or the file itself. */
  readonly file: string;
  /** Counted from 1; null where no line speaks of it. */
  readonly line: number | null;
  readonly message: string;
}

export interface Dataset {
  readonly name: string;
  readonly labels: LabelSet;
  /** Only without splits: all samples are "train", and evaluated as a whole. */
  readonly unsplit?: true;
  /** The splits that have samples, in the order of `SPLITS`. */
  readonly splits: readonly Split[];
  readonly samples: readonly Sample[];
  readonly problems: readonly DatasetProblem[];
  /** Rows the data set's own rules leave out ("no majority", "uncertain"), by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface ReadOptions {
  /** Only this split. */
  readonly split?: Split;
  /** A file that says what class words mean; only for formats that take any. */
  readonly labels?: string;
  /** Which of the set's folds, from 1 (the default); only for sets that come in folds. */
  readonly fold?: number;
}

export interface DatasetReader {
  /** As in `name:DIR` on the command line. */
  readonly name: string;
  /** The authors' name of the set. */
  readonly title: string;
  /** The classes of the set in ferstream's names; null where the data decide. */
  readonly labels: LabelSet | null;
  /** Number of folds; 0 for sets with one fixed division. */
  readonly folds: number;
  /** Whether a folder looks like this data set: for naming the right reader in errors. */
  fits(root: string): Promise<boolean>;
  /**
   * @throws FerError INPUT_NOT_FOUND when the folder or its index is not there, CONFIG_INVALID for a fold the set does not have
   */
  read(root: string, options?: ReadOptions): Promise<Dataset>;
}

/** The label of the frame at this index of the footage; null without one. Labels by frame are resolved only here. */
export function labelAt({ label, frameLabels }: Pick<Sample, 'label' | 'frameLabels'>, index: number): string | null {
  return frameLabels === null ? label : (frameLabels[index] ?? null);
}

/** One line about data without splits; null for others. */
export function unsplitLine({ unsplit, name, samples }: Dataset): string | null {
  return unsplit === true ? `${name}: no splits, so all of it is used (${samples.length} samples)` : null;
}

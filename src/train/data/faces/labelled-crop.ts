import type { FaceCrop } from '../../../model/crop-geometry.js';

/** One face on which a model is tested, or a frame of a clip in which none is seen. */
export interface LabelledCrop {
  /** Of the sample. Consecutive crops of the same id that have a `frame` are one clip. */
  readonly id: string;
  /** Place in the clip, from 0; null for a picture that stands alone. */
  readonly frame: number | null;
  /** Seconds; of a clip's frames they grow. */
  readonly timestamp: number;
  /** What the data say is seen; null for a frame of a clip that nobody labelled: it is only context for its neighbours. */
  readonly truth: string | null;
  /** Null for a frame of a clip without a face: the nearest frame of the clip with one stands in. */
  readonly crop: FaceCrop | null;
}

/** What a model said of one labelled face. */
export interface Prediction {
  readonly id: string;
  readonly frame: number | null;
  readonly truth: string;
  readonly predicted: string;
  /** Over the model's labels. [C] */
  readonly posteriors: Float32Array;
}

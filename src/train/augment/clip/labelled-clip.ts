/**
 * Frames in order of time, each with its own label.
 * @template Frame what stands for a frame: its pixels, or features that were computed before
 */
export interface LabelledClip<Frame> {
  readonly frames: readonly Frame[];
  /** Index of the class in each frame, -1 where there is none. */
  readonly labels: readonly number[];
  readonly hasFace: readonly boolean[];
}

/** These frames of the clip, in this order, a frame as often as it is named; frames are shared, not copied. */
export function selectFrames<Frame>(
  { frames, labels, hasFace }: LabelledClip<Frame>,
  indices: readonly number[],
): LabelledClip<Frame> {
  return {
    frames: indices.map((index) => frames[index]!),
    labels: indices.map((index) => labels[index]!),
    hasFace: indices.map((index) => hasFace[index]!),
  };
}

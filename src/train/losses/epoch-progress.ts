// Without a type of TensorFlow.js: public declarations that lead here compile without its typings.

/**
 * What a method wants to see of every sample, besides the augmented sample itself: nothing, its mirror image, or a second, strongly
 * augmented view.
 */
export type SecondView = 'none' | 'mirrored' | 'strong';

/** The progress of training. */
export interface EpochProgress {
  /** From 0. */
  readonly epoch: number;
  readonly epochs: number;
}

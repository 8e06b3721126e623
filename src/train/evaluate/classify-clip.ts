import type { ExpressionModel } from '../../model/expression-model.js';

/** Frames that a temporal network sees at once; attention grows with their square. */
const MOST_AT_ONCE = 512;
/** Of a longer clip: frames answered at a time, and frames of context on either side of them. */
const STRETCH = 256;
const MARGIN = 128;

/**
 * Posteriors for every frame of a clip, the whole of it seen at once; of one with more than 512 frames, stretches of 256 with 128 around them.
 * [T][D] -> [T][C]
 */
export async function classifyClip(model: Pick<ExpressionModel, 'classify'>, features: readonly Float32Array[], timestamps: readonly number[]): Promise<Float32Array[]> {
  const length = features.length;
  const stretch = length <= MOST_AT_ONCE ? length : STRETCH;
  const posteriors: Float32Array[] = [];
  for (let from = 0; from < length; from += stretch) {
    const to = Math.min(length, from + stretch);
    const first = Math.max(0, from - MARGIN);
    const last = Math.min(length, to + MARGIN);
    const clip = { features: features.slice(first, last), timestamps: timestamps.slice(first, last), from: from - first, to: to - first };
    posteriors.push(...(await model.classify(clip)));
  }
  return posteriors;
}

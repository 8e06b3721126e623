import type { ExpressionModel } from '../../model/expression-model.js';
import { stretchesOf } from '../../model/stretches.js';

/** Posteriors for every frame of a clip: the whole of it is seen at once, or stretches of one that is very long. [T][D] -> [T][C] */
export async function classifyClip(
  model: Pick<ExpressionModel, 'classify'>,
  features: readonly Float32Array[],
  timestamps: readonly number[],
): Promise<Float32Array[]> {
  const posteriors: Float32Array[] = [];
  for (const { first, last, from, to } of stretchesOf(features.length)) {
    posteriors.push(
      ...(await model.classify({
        features: features.slice(first, last),
        timestamps: timestamps.slice(first, last),
        from: from - first,
        to: to - first,
      })),
    );
  }
  return posteriors;
}

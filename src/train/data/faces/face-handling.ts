import type { ExpressionModel } from '../../../model/expression-model.js';
import { areAlignedClips } from '../synthesize/synthesis-options.js';

/** How pictures become crops: used as a whole (data sets of face crops), or faces detected and aligned as in annotation. Videos are always searched for faces. */
export type FaceHandling = 'as-is' | 'detect';

/** The option; `auto`: pictures like those the model was trained on. */
export const FACE_CHOICES = ['auto', 'as-is', 'detect'] as const;
export type FaceChoice = (typeof FACE_CHOICES)[number];

/** @param data FORMAT:DIR */
export async function faceHandling(
  asked: FaceChoice,
  { framing }: Pick<ExpressionModel, 'framing'>,
  data: string,
): Promise<FaceHandling> {
  if (asked !== 'auto') return asked;
  return framing === 'aligned' && !(await areAlignedClips(data)) ? 'detect' : 'as-is';
}

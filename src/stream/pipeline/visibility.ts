import { VISIBILITY_WEIGHTS } from './visibility-weights.js';

/** Grey texture of an area of the face, with its contrast and colour in relation to the rest of the face. */
export interface AreaAppearance {
  /** Blocks of 3 x 2 pixels, row by row; mean 0, norm 1. Eyes [6 * 12], mouth [8 * 8]. */
  readonly texture: Float32Array;
  /** Contrast of the area over that of the whole face. */
  readonly contrast: number;
  /** Difference in colour to the skin, over the brightness of the face. */
  readonly colour: number;
}

export interface Appearance {
  readonly eyes: AreaAppearance;
  readonly mouth: AreaAppearance;
}

/** One hidden layer of tanh units: [hidden][inputs + 1] and [hidden + 1], each with its bias last. Inputs: texture, contrast, colour. */
export interface AreaWeights {
  readonly hidden: readonly (readonly number[])[];
  readonly output: readonly number[];
}

/** Whether eyes and mouth are visible or covered (mask, hand, bar, dark glasses), each 0 (covered) to 1 (visible). */
export function visibilityOf({ eyes, mouth }: Appearance): { eyesVisible: number; mouthVisible: number } {
  return {
    eyesVisible: visible(eyes, VISIBILITY_WEIGHTS.eyes),
    mouthVisible: visible(mouth, VISIBILITY_WEIGHTS.mouth),
  };
}

function visible({ texture, contrast, colour }: AreaAppearance, { hidden, output }: AreaWeights): number {
  const last = texture.length;
  let score = output.at(-1)!;
  for (const [h, weights] of hidden.entries()) {
    let sum = weights.at(-1)! + weights[last]! * contrast + weights[last + 1]! * colour;
    for (const [i, value] of texture.entries()) sum += weights[i]! * value;
    score += output[h]! * Math.tanh(sum);
  }
  return 1 / (1 + Math.exp(-score));
}

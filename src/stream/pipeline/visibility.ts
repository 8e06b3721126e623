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

/*
 * Fitted on 270 aligned faces of 111 labelled press photographs, as they are and with masks (60) and bars over the eyes (40) of six colours
 * drawn in: mean textures of visible eyes and mouths (k-means by correlation), then a logistic regression with both classes weighted alike.
 * On the half of the people that was not used: of covered mouths 88 % are below 0.5, of visible ones 6 %; of covered eyes 83 % and 17 %.
 */

/** Mean textures, in hundredths. */
const EYES = [
  // prettier-ignore
  [9, 12, 11, 8, 11, 15, 14, 9, 2, 0, -1, -9, 9, 4, -3, -10, -6, 6, 6, -6, -13, -9, -7, -10, 7, -3, -14, -21,
  -19, -1, 2, -18, -24, -20, -13, -10, 9, -2, -14, -18, -16, 3, 8, -16, -21, -22, -14, -7, 15, 14, 5, -3, -1,
  13, 16, -3, -4, -3, 1, 0, 18, 21, 16, 12, 12, 17, 20, 6, 7, 9, 10, 4],
  // prettier-ignore
  [-18, -13, -12, -5, 5, 18, 20, 11, 4, 7, 10, 4, -20, -14, -12, -11, -8, 9, 15, 0, -5, 2, 6, 4, -19, -15, -16,
  -17, -14, 1, 14, -6, -14, -7, 1, 4, -15, -14, -21, -19, -12, 0, 15, -3, -13, -9, 1, 6, -11, -5, -5, -1, 0, 4,
  17, 9, 6, 10, 14, 11, -10, 1, 6, 8, 5, 8, 20, 17, 17, 20, 21, 13],
];
const MOUTHS = [
  // prettier-ignore
  [21, 20, 18, 5, -7, -9, 5, 5, 19, 18, 18, 9, -2, -6, 1, 0, 17, 12, 10, 7, 1, -7, -6, -5, 14, 2, -15, -17, -22,
  -27, -18, -8, 14, 10, 1, -2, -10, -23, -17, -12, 12, 13, 7, -1, -7, -13, -12, -17, 8, 13, 14, 5, -3, -7, -11,
  -20, 2, 10, 15, 11, 2, -3, -12, -22],
  // prettier-ignore
  [-1, 3, -4, -12, -2, 11, 19, 19, -5, 2, 1, 1, 9, 21, 22, 18, -6, -4, -7, -6, 3, 12, 16, 17, -6, -13, -30, -30,
  -23, -19, -2, 15, -8, -8, -13, -11, -7, -2, 5, 13, -14, -6, -7, -4, -1, 7, 12, 11, -21, -9, -5, -3, 2, 12, 14,
  7, -25, -11, 0, 6, 13, 18, 13, 2],
  // prettier-ignore
  [-3, -3, -8, -20, -14, -15, 3, -6, -14, -3, 4, -12, -17, 2, 7, -14, -14, -15, -4, 1, -1, 3, -4, -16, -8, -35,
  -22, -1, 2, -11, -31, -14, 3, -6, -5, 19, 23, 5, -8, 2, 7, 11, 8, 14, 14, 9, 13, 8, 7, 15, 9, 1, 1, 8, 16, 6,
  4, 18, 20, 11, 11, 18, 18, 0],
];

interface Weights {
  readonly bias: number;
  /** Of the correlation with the most similar mean texture. */
  readonly likeness: number;
  readonly contrast: number;
  readonly colour: number;
}

const EYE_WEIGHTS: Weights = { bias: -7.21, likeness: 7.21, contrast: 4.44, colour: 0.19 };
const MOUTH_WEIGHTS: Weights = { bias: -6.53, likeness: 8.04, contrast: 7.32, colour: -2.32 };

/** Whether eyes and mouth are visible or covered (mask, hand, bar, dark glasses), each 0 (covered) to 1 (visible). */
export function visibilityOf({ eyes, mouth }: Appearance): { eyesVisible: number; mouthVisible: number } {
  return { eyesVisible: visible(eyes, EYES, EYE_WEIGHTS), mouthVisible: visible(mouth, MOUTHS, MOUTH_WEIGHTS) };
}

function visible(area: AreaAppearance, means: readonly (readonly number[])[], weights: Weights): number {
  const likeness = Math.max(...means.map((mean) => mean.reduce((sum, m, i) => sum + (m / 100) * area.texture[i]!, 0)));
  const score =
    weights.bias + weights.likeness * likeness + weights.contrast * area.contrast + weights.colour * area.colour;
  return 1 / (1 + Math.exp(-score));
}

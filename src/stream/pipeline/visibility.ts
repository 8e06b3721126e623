import { VISIBILITY_WEIGHTS } from './trust-weights.js';

/** Grey texture of an area of the face, with its contrast and colour in relation to the rest of the face. */
export interface AreaAppearance {
  /** Blocks of 3 x 2 pixels, row by row; mean 0, norm 1. Eyes [6 * 12], mouth [8 * 8]. */
  readonly texture: Float32Array;
  /** Contrast of the area over that of the whole face. */
  readonly contrast: number;
  /** Difference in colour to the skin, over the brightness of the face. */
  readonly colour: number;
}

/** The whole face; each part changes its sign, or is mirrored, with the face. */
export interface HeadAppearance {
  /** Blocks of 4 x 4 pixels, row by row; mean 0, norm 1. [12 * 12] */
  readonly texture: Float32Array;
  /** How far nose and mouth stand from the middle, and how much narrower one eye is: 0 for a face from the front. */
  readonly asymmetry: readonly number[];
}

export interface Appearance {
  readonly eyes: AreaAppearance;
  readonly mouth: AreaAppearance;
  readonly head: HeadAppearance;
}

/** One hidden layer of tanh units: [hidden][inputs + 1] and [hidden + 1], each with its bias last. */
export interface PerceptronWeights {
  readonly hidden: readonly (readonly number[])[];
  readonly output: readonly number[];
}

export interface VisibilityWeights {
  readonly eyes: PerceptronWeights;
  readonly mouth: PerceptronWeights;
  readonly yaw: PerceptronWeights;
}

/** What of a face can be seen. */
export interface Visibility {
  /** Whether eyes and mouth are visible or covered (mask, hand, bar, dark glasses), each 0 (covered) to 1 (visible). */
  readonly eyesVisible: number;
  readonly mouthVisible: number;
  /** Degrees by which the head is turned; positive to the picture's right. */
  readonly yaw: number;
}

export const DEGREES_PER_UNIT = 45;

export function visibilityOf(
  { eyes, mouth, head }: Appearance,
  weights: VisibilityWeights = VISIBILITY_WEIGHTS,
): Visibility {
  const chance = (score: number): number => 1 / (1 + Math.exp(-score));
  const [seen, mirrored] = headInputs(head);
  // The mirrored face has the opposite yaw.
  const yaw = (DEGREES_PER_UNIT * (perceptron(seen, weights.yaw) - perceptron(mirrored, weights.yaw))) / 2;
  return {
    eyesVisible: chance(perceptron(areaInputs(eyes), weights.eyes)),
    mouthVisible: chance(perceptron(areaInputs(mouth), weights.mouth)),
    yaw: Math.max(-90, Math.min(90, yaw)),
  };
}

export function areaInputs({ texture, contrast, colour }: AreaAppearance): number[] {
  return [...texture, contrast, colour];
}

/** Inputs of the face as it is, and mirrored. */
export function headInputs({ texture, asymmetry }: HeadAppearance): [number[], number[]] {
  const side = Math.sqrt(texture.length);
  const flipped = Array.from(texture, (_, i) => texture[i - (i % side) + side - 1 - (i % side)]!);
  return [
    [...texture, ...asymmetry],
    [...flipped, ...asymmetry.map((value) => -value)],
  ];
}

export function perceptron(inputs: readonly number[], { hidden, output }: PerceptronWeights): number {
  let score = output.at(-1)!;
  for (const [h, weights] of hidden.entries()) {
    let sum = weights.at(-1)!;
    for (let i = 0; i < inputs.length; i++) sum += weights[i]! * inputs[i]!; // once a face and frame: no iterator
    score += output[h]! * Math.tanh(sum);
  }
  return score;
}

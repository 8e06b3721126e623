/** Grey texture of an area, mean 0 and norm 1, with its contrast and colour in relation to the rest of the face. */
export interface AreaAppearance {
  /** [rows * columns] of the area */
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

/** Whether eyes and mouth are visible or covered (mask, hand, bar), each 0..1. */
export function visibilityOf({ eyes, mouth }: Appearance): { eyesVisible: number; mouthVisible: number } {
  return { eyesVisible: eyes.contrast > 0 ? 1 : 0, mouthVisible: mouth.contrast > 0 ? 1 : 0 };
}

// Types of the live page lead here, and it is built without Node's types: nothing here may import them.

/** Mean colour that face-api's landmark, expression and recognition networks subtract before dividing by 255. */
export const FACE_API_MEAN_RGB = [122.782, 117.001, 104.298] as const;

/** How byte values become network inputs: `value * gain + offset`, one offset per channel. */
export interface PixelScaling {
  readonly gain: number;
  readonly offset: readonly [number, number, number];
}

const [red, green, blue] = FACE_API_MEAN_RGB;

/** The scaling of face-api's landmark and recognition networks. */
export const FACE_API_SCALING: PixelScaling = { gain: 1 / 255, offset: [-red / 255, -green / 255, -blue / 255] };

// A file of its own: types of the live page lead here, and it is built without Node's types.

/** Mean colour that face-api's landmark, expression and recognition networks subtract before dividing by 255. */
export const FACE_API_MEAN_RGB = [122.782, 117.001, 104.298] as const;

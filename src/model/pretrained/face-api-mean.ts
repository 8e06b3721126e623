/** Mean colour that face-api's landmark, expression and recognition networks subtract before dividing by 255. */
export const FACE_API_MEAN_RGB = [122.782, 117.001, 104.298] as const;

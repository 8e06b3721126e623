/** The expression models that ship with ferstream, the default first. */
export const MODEL_NAMES = ['baseline'] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

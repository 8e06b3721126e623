/** The expression models that ship with ferstream. All but the baseline are folders of `models/`. */
export const MODEL_NAMES = ['default', 'baseline'] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** Who names the expressions when nobody is named. */
export const DEFAULT_MODEL: ModelName = 'default';

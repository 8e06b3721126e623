export { withoutLaterSettings } from './later-settings.js';
export { PRESETS, PRESET_NAMES } from './presets.js';
export type { PresetName } from './presets.js';
export { readConfigFile, resolveConfig } from './read-config.js';
export type { Settings } from './read-config.js';
export { RECOGNITION, trainConfigSchema } from './train-config.js';
export type { MethodConfig, NetworkConfig, TrainConfig, TrainConfigInput } from './train-config.js';

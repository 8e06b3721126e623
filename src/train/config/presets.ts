/**
 * Where to begin from: method and the settings that suit a compact network on small grey crops. The losses' own settings are the
 * published ones; what docs/experiments.md found better for networks that start from nothing is said there.
 */
export const PRESETS = {
  ce: { method: { name: 'ce' } },
  nla: { method: { name: 'nla', warmUpEpochs: 5 } },
  dnfer: { method: { name: 'dnfer', warmUpEpochs: 5 } },
  'v-naw': {
    method: { name: 'v-naw' },
    network: { name: 'temporal', width: 128, layers: 2, feedForward: 128, dropout: 0.3 },
    batchSize: 24,
    epochs: 50,
    sampler: 'class-balanced',
    selectBy: 'macroF1',
    optimizer: { lr: 1e-4 },
  },
} as const;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

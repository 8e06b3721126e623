/**
 * Each method with settings that suit a compact network on small grey crops. The losses keep their published settings;
 * docs/experiment.md compares others.
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

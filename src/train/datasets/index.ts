export { SPLITS } from './dataset.js';
export type { Dataset, DatasetProblem, DatasetReader, FrameFile, ReadOptions, Sample, Split } from './dataset.js';
export { openDataset, readerNamed, READERS } from './registry.js';
export { canonicalLabel, labelSetFor, mapLabels } from './label-maps.js';
export { checkDataset } from './check-dataset.js';
export type {
  CheckOptions,
  ClassCounts,
  DatasetReport,
  DuplicateGroup,
  SplitCounts,
  UnreadableFile,
} from './check-dataset.js';
export { deduplicate } from './deduplicate.js';
export type { DroppedSample } from './deduplicate.js';
export { carveValidation } from './carve-validation.js';
export type { CarvedTraining } from './carve-validation.js';
export * from './synthesize/index.js';

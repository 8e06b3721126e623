export { checkpointHash } from './checkpoint-hash.js';
export { CHECKPOINT_FORMAT } from './checkpoint-info.js';
export type { CheckpointInfo } from './checkpoint-info.js';
export { describeInitialised, initialiseFrom } from './initialise-from.js';
export type { Initialised } from './initialise-from.js';
export { loadCheckpoint, readCheckpointInfo } from './load-checkpoint.js';
export type { Checkpoint, CheckpointWanted } from './load-checkpoint.js';
export { INFO_FILE, saveCheckpoint } from './save-checkpoint.js';

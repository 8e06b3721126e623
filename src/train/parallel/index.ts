export { readBegunShards, shardsForWorkers } from './shards-for-workers.js';
export type { ShardChoice } from './shards-for-workers.js';
export { WorkerRunner, assertWorkers } from './worker-runner.js';
export type { WorkerRunnerOptions } from './worker-runner.js';

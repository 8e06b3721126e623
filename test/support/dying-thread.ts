/** A training thread that gets ready, and ends at its first shard, in the way the end of its address says. */
import { parentPort } from 'node:worker_threads';
import { READY } from '../../src/workers/serve-worker.js';

parentPort!.on('message', () => {
  if (import.meta.url.endsWith('?exit')) process.exit(7);
  // Outside of anything that could catch it.
  setImmediate(() => {
    throw new RangeError('no memory left\nat all');
  });
});
parentPort!.postMessage({ id: READY, value: null });

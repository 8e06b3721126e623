/** A training thread that ends at its first micro-batch. */
import { parentPort } from 'node:worker_threads';
import { READY } from '../../src/workers/serve-worker.js';

parentPort!.on('message', () => {
  // Outside of anything that could catch it.
  setImmediate(() => {
    throw new RangeError('no memory left\nat all');
  });
});
parentPort!.postMessage({ id: READY, value: null });

/** A training thread that ends at its first micro-batch, in the way given at the end of its URL. */
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

/** A live worker (or any other) without networks that gets ready, and ends at its first request. */
import { parentPort } from 'node:worker_threads';
import type { EngineDescription } from '../../src/stream/live/live-engine.js';
import { READY } from '../../src/workers/serve-worker.js';

parentPort!.on('message', () => process.exit(7));
parentPort!.postMessage({
  id: READY,
  value: {
    model: { name: 'none', version: '0', labels: [] },
    engine: { backend: 'none', device: null },
  } satisfies EngineDescription,
});

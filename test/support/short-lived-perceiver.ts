/** A live thread without networks that gets ready, and ends at its first picture. */
import { parentPort } from 'node:worker_threads';

parentPort!.on('message', () => process.exit(7));
parentPort!.postMessage({
  kind: 'ready',
  description: { model: { name: 'none', version: '0', labels: [] }, engine: { backend: 'none', device: null } },
});

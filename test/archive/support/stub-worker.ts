import { openQueue } from '../../../src/archive/queue/redis-connection.js';
import { ArchiveWorker } from '../../../src/archive/worker/archive-worker.js';

// A worker whose processes are stubs, as a separate program: node stub-worker.ts <queue> <clock skew in seconds>

const [address, skew = '0'] = process.argv.slice(2);
const now = Date.now.bind(Date);
Date.now = () => now() + Number(skew) * 1000;

const archive = await openQueue(address!, () => undefined);
const worker = await ArchiveWorker.start(archive, address!, {
  concurrency: 2,
  lockDuration: 3_000,
  stalledInterval: 1_000,
  processModule: new URL('./stub-process.ts', import.meta.url),
  onEvent: (event) => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  },
});
process.once('SIGTERM', () => void worker.close(1_000).then(() => archive.close()));

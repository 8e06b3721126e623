import { Worker } from 'node:worker_threads';

/** Plain JavaScript, for a thread that needs neither our modules nor a loader. */
const THREAD = `
const { closeSync, openSync, writeSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { path, content, bytes, interval } = workerData;
let beat = 0;
setInterval(() => {
  beat += 1;
  try {
    // Never creates the file: once it is gone, another process has taken over.
    const file = openSync(path, 'r+');
    try {
      writeSync(file, JSON.stringify({ ...content, beat }).padEnd(bytes), 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESTALE') {
      parentPort.postMessage('lost');
      process.exit();
    }
  }
}, interval);
`;

export interface HeartbeatOptions {
  /** An existing file, rewritten in place with `content` and a growing `beat`, as JSON padded to `bytes`. */
  readonly path: string;
  readonly content: object;
  readonly bytes: number;
  /** Milliseconds. */
  readonly interval: number;
  /** Called once, when the file has gone. */
  readonly onLost: () => void;
}

/** Touches files from a separate thread, because the main thread may compute for minutes without a pause. Returns a function that stops it. */
export function startHeartbeat({ onLost, ...workerData }: HeartbeatOptions): () => Promise<void> {
  const worker = new Worker(THREAD, { eval: true, workerData, execArgv: [], stdin: false });
  worker.unref();
  worker.once('message', onLost);
  // Without signs of life the lock holds as long as this process can be seen to run.
  worker.on('error', () => undefined);
  return async () => {
    worker.off('message', onLost);
    await worker.terminate();
  };
}

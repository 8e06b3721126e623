/* Run by teardown.test.ts in a separate process: an ffmpeg without end, of this process or of a thread that ends when asked to. */
import { once } from 'node:events';
import { Worker, isMainThread } from 'node:worker_threads';
import { findFfmpeg } from '../../../src/ingest/ffmpeg/binaries.js';
import { startFfmpeg } from '../../../src/ingest/ffmpeg/command.js';

if (isMainThread && process.argv[2] === 'terminate') {
  const thread = new Worker(new URL(import.meta.url));
  await once(process.stdin, 'data');
  await thread.terminate();
  await new Promise((resolve) => setTimeout(resolve, 600_000));
} else {
  const { path: program } = await findFfmpeg();
  startFfmpeg({
    program,
    inputs: [{ source: 'testsrc=r=5', options: ['-re', '-f', 'lavfi'] }],
    outputOptions: ['-f', 'null'],
    target: '-',
  });
  // Until it has started.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  console.log('started');
}

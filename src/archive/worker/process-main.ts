import { FerError } from '../../errors/fer-error.js';
import { StepRunner } from './step-runner.js';
import type { FromProcess, ToProcess } from './work-protocol.js';

// The process of `WorkProcess`: does one step after the other. Ends with the worker that started it.

/** Milliseconds between two reports of progress. */
const PROGRESS_PAUSE = 1_000;

const runner = new StepRunner(process.argv[2]);
let stop = new AbortController();
let reported = 0;

process.once('disconnect', () => process.exit());

function send(message: FromProcess): void {
  if (process.connected) process.send!(message, () => undefined);
}

process.on('message', (message: ToProcess) => {
  if (message.type === 'abort') {
    stop.abort();
    return;
  }
  stop = new AbortController();
  const onProgress = (frames: number, expectedFrames: number | null): void => {
    const now = performance.now();
    if (now - reported < PROGRESS_PAUSE) return;
    reported = now;
    send({ type: 'progress', frames, expectedFrames });
  };
  runner.run(message.work, { signal: stop.signal, onProgress }).then(
    (value) => {
      send({ type: 'done', value });
    },
    (error: unknown) => {
      const { code, message: text } = FerError.from(error);
      send({ type: 'failed', code, message: text });
    },
  );
});

send({ type: 'ready' });

import { FerError } from '../../errors/fer-error.js';
import type { StepRunner } from './step-runner.js';
import type { FromProcess, ToProcess } from './work-protocol.js';

/** Milliseconds between two reports of progress. */
const PROGRESS_PAUSE = 1_000;

/** Answers a `WorkProcess` from within its process: one step after the other. Ends with the worker that started it. */
export function serveSteps(runner: StepRunner): void {
  let stop = new AbortController();
  let reported = 0;
  process.once('disconnect', () => process.exit());
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
}

function send(message: FromProcess): void {
  if (process.connected) process.send!(message, () => undefined);
}

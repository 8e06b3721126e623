/** What the live thread runs: opens engine and networks, and answers every picture with what it shows. */
import { parentPort, workerData } from 'node:worker_threads';
import { FerError } from '../../errors/index.js';
import type { LiveSettings } from './live-options.js';
import { Perceiver } from './perceiver.js';
import type { PerceiverAnswer, PerceiverRequest } from './thread-messages.js';

if (parentPort === null) throw new FerError('INTERNAL', 'perceiver-worker runs in threads only');
const port = parentPort;

try {
  const perceiver = await Perceiver.open(workerData as LiveSettings);
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: PerceiverRequest) => {
    // In order, and one at a time: a stream must not be forgotten in the middle of its picture.
    last = last.then(() => handle(perceiver, request)).catch(request.kind === 'forget' ? die : fail);
  });
  answer({ kind: 'ready', description: perceiver.description });
} catch (error) {
  fail(error);
}

async function handle(perceiver: Perceiver, request: PerceiverRequest): Promise<void> {
  switch (request.kind) {
    case 'picture':
      answer({ kind: 'result', result: await perceiver.perceive(request.stream, request.frame) });
      return;
    case 'forget':
      perceiver.forget(request.stream);
      return;
    case 'tensors':
      answer({ kind: 'tensors', count: perceiver.tensors });
  }
}

function fail(error: unknown): void {
  const { code, message } = FerError.from(error);
  answer({ kind: 'failed', code, message });
}

/** What has no answer that could say that it failed ends the thread, and another one takes its place. */
function die(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function answer(message: PerceiverAnswer): void {
  port.postMessage(message);
}

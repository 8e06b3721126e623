/** The live thread, but what it does with a picture depends on the picture's width: see MORTAL_WIDTHS. */
import { parentPort } from 'node:worker_threads';
import { Perceiver } from '../../src/stream/live/perceiver.js';
import type { PerceiverRequest } from '../../src/stream/live/thread-messages.js';
import { MORTAL_WIDTHS } from './mortal-widths.js';

parentPort!.on('message', (request: PerceiverRequest) => {
  if (request.kind !== 'picture') return;
  if (request.frame.width === MORTAL_WIDTHS.exit) process.exit(7);
  // Outside of anything that could catch it.
  if (request.frame.width === MORTAL_WIDTHS.throw) throw new RangeError('no memory left\nat all');
});

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with their own `this` below
const { perceive, forget } = Perceiver.prototype;
const stuck = new Set<number>();
Perceiver.prototype.perceive = function (stream, frame) {
  if (frame.width === MORTAL_WIDTHS.fail) return Promise.reject(new RangeError('memory access out of bounds'));
  if (frame.width === MORTAL_WIDTHS.stick) stuck.add(stream);
  return perceive.call(this, stream, frame);
};

Perceiver.prototype.forget = function (stream) {
  if (stuck.has(stream)) throw new Error('disposed twice');
  forget.call(this, stream);
};

await import('../../src/stream/live/perceiver-worker.js');

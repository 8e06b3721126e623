/** The live worker, but what it does with a frame depends on the frame's width: see MORTAL_WIDTHS. */
import { parentPort } from 'node:worker_threads';
import { FaceAnalyzer } from '../../src/stream/live/face-analyzer.js';
import type { AnalyzerApi } from '../../src/stream/live/face-analyzer.js';
import type { WorkerRequest } from '../../src/workers/serve-worker.js';
import { MORTAL_WIDTHS } from './mortal-widths.js';

parentPort!.on('message', ({ method, argument }: WorkerRequest) => {
  if (method !== 'analyze') return;
  const { width } = (argument as Parameters<AnalyzerApi['analyze']>[0]).frame;
  if (width === MORTAL_WIDTHS.exit) process.exit(7);
  // Outside of anything that could catch it.
  if (width === MORTAL_WIDTHS.throw) throw new RangeError('no memory left\nat all');
});

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with their own `this` below
const { analyze, forget } = FaceAnalyzer.prototype;
const stuck = new Set<number>();
FaceAnalyzer.prototype.analyze = function (stream, frame) {
  if (frame.width === MORTAL_WIDTHS.fail) return Promise.reject(new RangeError('memory access out of bounds'));
  if (frame.width === MORTAL_WIDTHS.stick) stuck.add(stream);
  return analyze.call(this, stream, frame);
};

FaceAnalyzer.prototype.forget = function (stream) {
  if (stuck.has(stream)) return Promise.reject(new Error('disposed twice'));
  return forget.call(this, stream);
};

await import('../../src/stream/live/analyzer-worker.js');

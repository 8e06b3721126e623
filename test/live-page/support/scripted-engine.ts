import type { LiveEngine, LivePicture, LiveSession, SessionListener } from '../../../src/stream/live/live-engine.js';
import type { LiveFace } from '../../../src/stream/protocol/messages.js';
import { LABELS } from '../../output/support/results.js';

/** What the engine finds at a time. @param seconds since the first picture */
export type Script = (seconds: number) => readonly LiveFace[];

const SIZE = { width: 640, height: 480 };

/** A live engine whose results are scripted: for tests and pictures of the page that need no networks. */
export class ScriptedEngine implements LiveEngine {
  readonly description = {
    model: {
      name: 'default',
      version: 'f5609085a1c94e63b82d7f10ce5b94a7d8e2163f0a4b7c9d5e8f1a2b3c4d5e6f',
      labels: LABELS,
    },
    engine: { backend: 'wasm', device: 'CPU, SIMD, 2 threads' },
  };
  readonly maxPixels = 4_000_000;
  readonly load = 0.42;

  /** @param work milliseconds that a picture takes */
  constructor(
    private readonly script: Script,
    private readonly work = 40,
  ) {}

  openSession(listener: SessionListener): LiveSession {
    const start = performance.now();
    let isClosed = false;
    let isBusy = false;
    let waiting: LivePicture | null = null;
    const analyze = (picture: LivePicture): void => {
      isBusy = true;
      setTimeout(() => {
        if (isClosed) return;
        isBusy = false;
        const timestamp = (performance.now() - start) / 1000;
        const faces = this.script(timestamp).map((face) => ({ landmarks: [], ...face }));
        listener.onResult({
          type: 'result',
          sequence: picture.sequence,
          captureTime: picture.captureTime,
          timestamp,
          ...SIZE,
          status: faces.length === 0 ? 'no-face' : 'ok',
          faces,
          timing: { waited: 0, worked: this.work },
        });
        const next = waiting;
        waiting = null;
        if (next !== null) analyze(next);
      }, this.work);
    };
    return {
      submit: (picture) => {
        if (!isBusy) analyze(picture);
        else {
          if (waiting !== null) listener.onSkipped(waiting.sequence, 'newer');
          waiting = picture;
        }
      },
      reset: () => undefined,
      close: () => {
        isClosed = true;
      },
    };
  }

  tensors(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

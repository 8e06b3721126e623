import { setTimeout as delay } from 'node:timers/promises';
import { serveSteps } from '../../../src/archive/worker/serve-steps.js';
import { StepRunner } from '../../../src/archive/worker/step-runner.js';
import type { StepAnnotator } from '../../../src/archive/worker/step-runner.js';
import type { FrameResult } from '../../../src/stream/pipeline/frame-result.js';

// A process of a worker whose "networks" answer at once: FRAMES frames, each after MILLISECONDS. Names of inputs make it misbehave:
// "kills" ends the process, "kills-once" the first time only, "stalls" never answers.

const FRAMES = Number(process.env['STUB_FRAMES'] ?? 20);
const MILLISECONDS = Number(process.env['STUB_MS'] ?? 5);

serveSteps(
  new StepRunner(undefined, (settings) =>
    Promise.resolve({
      settings,
      context: { past: 0, future: 0, hop: 1 },
      dispose: () => undefined,
      annotate: (input: { name: string; kind: 'file'; path: string }, hash?: string | null) => {
        const stop = (): void => {
          if (input.name.includes('kills')) process.kill(process.pid, 'SIGKILL');
        };
        return Promise.resolve({
          metadata: {
            schemaVersion: 1,
            ferstream: '0',
            input: { ...input, hash: hash ?? null, container: null, codec: null, duration: 1, expectedFrames: FRAMES },
            engine: { backend: 'stub', tfjs: '0', device: null },
            model: { name: 'stub', version: '0', labels: ['neutral'] },
            detector: 'stub',
            settings,
            node: '0',
            ffmpeg: null,
          },
          report: () => ({ frames: FRAMES, expectedFrames: FRAMES, decodeErrors: 0, degraded: false, note: null }),
          prior: null,
          knownPeople: [],
          settled: Promise.resolve(),
          async *[Symbol.asyncIterator](): AsyncGenerator<FrameResult> {
            for (let index = 0; index < FRAMES; index += 1) {
              if (MILLISECONDS > 0) await delay(MILLISECONDS);
              if (index === 2) stop();
              yield { index, timestamp: index / 25, width: 64, height: 48, status: 'no-face', faces: [] };
            }
          },
        });
      },
    } as unknown as StepAnnotator),
  ),
);

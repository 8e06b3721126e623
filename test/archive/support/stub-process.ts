import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { serveSteps } from '../../../src/archive/worker/work-process.js';
import { StepRunner } from '../../../src/archive/worker/step-runner.js';
import type { StepAnnotator } from '../../../src/archive/worker/step-runner.js';
import { FerError } from '../../../src/errors/fer-error.js';
import type { Input } from '../../../src/ingest/sources/frame-source.js';
import { openSource } from '../../../src/ingest/sources/open-source.js';
import type { FrameResult } from '../../../src/stream/pipeline/frame-result.js';

// A process of a worker whose "networks" answer at once: STUB_FRAMES frames, each after STUB_MS milliseconds; for an input with "footage" in
// its name, the frames that it really has. Names of inputs make it misbehave: "kills" ends the process; "footage-kills" where more than 50 s
// are done at a time (of 120 s); "footage-breaks" fails from second 70 on while there is a file "<path>.broken". STUB_HASTE divides every timeout:
// a test does not wait as long as a silent server may take.

const FRAMES = Number(process.env['STUB_FRAMES'] ?? 20);
const MILLISECONDS = Number(process.env['STUB_MS'] ?? 5);
const HASTE = Number(process.env['STUB_HASTE'] ?? 1);

if (HASTE !== 1) {
  const later = globalThis.setTimeout;
  globalThis.setTimeout = ((callback: () => void, ms = 0) => later(callback, ms / HASTE)) as typeof setTimeout;
}

interface Range {
  readonly start: number | null;
  readonly end: number | null;
}

async function* invented({ name }: Input): AsyncGenerator<FrameResult> {
  for (let index = 0; index < FRAMES; index += 1) {
    if (MILLISECONDS > 0) await delay(MILLISECONDS);
    if (index === 2 && name.includes('kills')) process.kill(process.pid, 'SIGKILL');
    yield { index, timestamp: index / 25, width: 64, height: 48, status: 'no-face', faces: [] };
  }
}

async function* decoded(input: Input, range: Range): AsyncGenerator<FrameResult> {
  const { name, path } = input;
  if (name.includes('footage-kills') && (range.end ?? 120) - (range.start ?? 0) > 50) process.kill(process.pid, 'SIGKILL'); // prettier-ignore
  const source = await openSource(input, range);
  for await (const { index, timestamp, width, height } of source.frames()) {
    if (name.includes('footage-breaks') && timestamp >= 70 && existsSync(`${path}.broken`)) {
      throw new FerError('INPUT_UNREADABLE', `${name}: is broken from second 70 on`);
    }
    yield { index, timestamp, width, height, status: 'no-face', faces: [] };
  }
}

serveSteps(
  new StepRunner(undefined, (settings) =>
    Promise.resolve({
      settings,
      context: { past: 0, future: 0, hop: 1 },
      dispose: () => undefined,
      annotate: (input: Input, hash?: string | null, _?: unknown, range: Range = settings) => {
        const isFootage = input.name.includes('footage');
        return Promise.resolve({
          metadata: {
            schemaVersion: 1,
            ferstream: '0',
            input: {
              ...input,
              hash: hash ?? null,
              container: null,
              codec: null,
              duration: 1,
              expectedFrames: isFootage ? null : FRAMES,
            },
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
          [Symbol.asyncIterator]: () => (isFootage ? decoded(input, range) : invented(input)),
        });
      },
    } as unknown as StepAnnotator),
  ),
);

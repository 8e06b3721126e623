import { expect, test } from 'vitest';
import type { Frame } from '../frame.js';
import { BegunSource } from './frame-source.js';
import type { FrameSource } from './frame-source.js';

const picture = (index: number): Frame => ({ index, timestamp: index, width: 1, height: 1, data: new Uint8Array(3) });

/** A source of `count` frames that logs what is asked of it. */
function logged(count: number, log: string[]): FrameSource {
  return {
    name: 'clip.mp4',
    info: { container: null, codec: null, duration: null, expectedFrames: count },
    report: () => ({ frames: count, expectedFrames: count, decodeErrors: 0, degraded: false, note: null }),
    async *frames(signal) {
      try {
        for (let index = 0; index < count; index++) {
          await Promise.resolve();
          signal?.throwIfAborted();
          log.push(`frame ${index}`);
          yield picture(index);
        }
      } finally {
        log.push('closed');
      }
    },
  };
}

test('decodes the first frame at once, and gives all of them', async () => {
  const log: string[] = [];
  const source = new BegunSource(logged(3, log));
  await new Promise(setImmediate);
  expect(log).toEqual(['frame 0']);
  const seen: number[] = [];
  for await (const { index } of source.frames()) seen.push(index);
  expect(seen).toEqual([0, 1, 2]);
  await source.close();
  expect(log.filter((line) => line === 'closed')).toHaveLength(1);
  expect([source.name, source.info.expectedFrames, source.report().frames]).toEqual(['clip.mp4', 3, 3]);
});

test.each(['before its first frame', 'after it'])('ends the decoder when it is closed unread, %s', async (when) => {
  const log: string[] = [];
  const source = new BegunSource(logged(3, log));
  if (when === 'after it') await new Promise(setImmediate);
  await source.close();
  expect(log.at(-1)).toBe('closed');
  expect(log).not.toContain('frame 1');
});

test('ends the decoder when the loop is left or its signal is aborted', async () => {
  const log: string[] = [];
  for await (const frame of new BegunSource(logged(3, log)).frames()) if (frame.index === 1) break;
  expect(log).toEqual(['frame 0', 'frame 1', 'closed']);
  const signal = AbortSignal.abort(new Error('stopped'));
  const aborted = new BegunSource(logged(3, log)).frames(signal);
  await expect(aborted.next()).rejects.toThrow();
  expect(log.at(-1)).toBe('closed');
});

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Frame } from '../../src/ingest/frame.js';
import type { LiveSource, LiveSourceStatus } from '../../src/ingest/live/live-source.js';

export interface FakeSourceOptions {
  /** Milliseconds between frames. */
  readonly every?: number;
  /** Frames in a pass. */
  readonly length?: number;
  readonly width?: number;
  readonly height?: number;
  /** Frames of noise, which make large JPEGs. */
  readonly noise?: boolean;
}

/** Frames at a steady pace; without noise they are grey, each a bit lighter than the one before. */
export class FakeLiveSource implements LiveSource {
  readonly name = 'fake camera';
  status: LiveSourceStatus = { state: 'connecting' };
  dropped = 0;
  /** Passes begun, and those that are running. */
  passes = 0;
  running = 0;
  /** Tells the status that the next frame brings. */
  private announce: ((status: LiveSourceStatus) => void) | undefined;

  constructor(readonly options: FakeSourceOptions = {}) {}

  say(status: LiveSourceStatus): void {
    this.status = status;
    this.announce?.(status);
  }

  async *frames(onStatus?: (status: LiveSourceStatus) => void, signal?: AbortSignal): AsyncGenerator<Frame> {
    const { every = 5, length = Infinity, width = 32, height = 24, noise = false } = this.options;
    this.passes += 1;
    this.running += 1;
    this.announce = onStatus;
    try {
      for (let index = 0; index < length; index += 1) {
        if (index === 0) this.say({ state: 'running' });
        await wait(every, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
        if (signal?.aborted === true) return;
        yield {
          index,
          timestamp: (index * every) / 1000,
          width,
          height,
          data: noise ? randomBytes(width * height * 3) : new Uint8Array(width * height * 3).fill(index % 256),
        };
      }
      this.say({ state: 'ended' });
    } finally {
      this.running -= 1;
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { FerError } from '../../errors/fer-error.js';
import type { Frame } from '../frame.js';
import { parseSourceAddress } from './live-source.js';
import type { BackOff, LiveSource, LiveSourceOptions, LiveSourceStatus, SourceAddress } from './live-source.js';
import { readOnce } from './read-once.js';
import type { ConnectionEnd } from './read-once.js';

/** Holds one value, the latest. For one reader at a time. */
export class LatestValue<T> {
  private kept: T | null = null;
  private waiting: ((value: T | null) => void) | null = null;
  private closed = false;
  private droppedCount = 0;

  /** Values that were replaced before they were taken. */
  get dropped(): number {
    return this.droppedCount;
  }

  put(value: T): void {
    if (this.closed) return;
    if (this.waiting !== null) {
      this.waiting(value);
      this.waiting = null;
      return;
    }
    this.discard();
    this.kept = value;
  }

  /** Drops the value held. */
  discard(): void {
    if (this.kept !== null) this.droppedCount++;
    this.kept = null;
  }

  /** The value held, else the next one put; null once closed and empty. */
  take(): Promise<T | null> {
    const value = this.kept;
    this.kept = null;
    if (value !== null || this.closed) return Promise.resolve(value);
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  close(): void {
    this.closed = true;
    this.waiting?.(null);
    this.waiting = null;
  }
}

/** Faces that matter are large enough in it, and a copy of it a few milliseconds' work. */
const MAX_WIDTH = 960;
const STALL_AFTER = 10_000;

type Report = (status: LiveSourceStatus) => void;

/** State of one pass over the source. */
interface Pass {
  readonly newest: LatestValue<Frame>;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Frames that have arrived. */
  frames: number;
  /** When the first one did, in milliseconds. */
  began: number;
}

/**
 * A camera, stream or file as a live source. Nothing is opened before frames are pulled; every pass over `frames` starts again.
 * @param text `/dev/video0`, `avfoundation:0`, `dshow:Camera name`, `rtsp://...`, `http(s)://...`, `lavfi:testsrc2`, or a file
 * @throws FerError USAGE for what can be none of these
 */
export function openLiveSource(text: string, options: LiveSourceOptions = {}): LiveSource {
  return new FfmpegLiveSource(parseSourceAddress(text), options);
}

class FfmpegLiveSource implements LiveSource {
  readonly name: string;
  private current: LiveSourceStatus = { state: 'connecting' };
  private droppedBefore = 0;
  private newest = new LatestValue<Frame>();

  constructor(
    private readonly address: SourceAddress,
    private readonly options: LiveSourceOptions,
  ) {
    this.name = address.name;
  }

  get status(): LiveSourceStatus {
    return this.current;
  }

  get dropped(): number {
    return this.droppedBefore + this.newest.dropped;
  }

  async *frames(onStatus: Report = () => undefined, signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    this.droppedBefore = this.dropped;
    const newest = (this.newest = new LatestValue<Frame>());
    const leaving = new AbortController();
    const stop = signal === undefined ? leaving.signal : AbortSignal.any([leaving.signal, signal]);
    const report: Report = (status) => {
      this.current = status;
      onStatus(status);
    };
    const running = this.keepReading({ newest, report, signal: stop, frames: 0, began: 0 }).finally(() => {
      newest.close();
    });
    // A failure shows up below; not waiting for it here must not count as not handling it.
    running.catch(() => undefined);
    try {
      for (let frame = await newest.take(); frame !== null; frame = await newest.take()) {
        if (stop.aborted) return;
        yield frame;
      }
    } finally {
      leaving.abort();
      await running;
    }
  }

  /** Reconnects, with pauses, until the source has ended, is unavailable for good, or `signal` stops it. Never rejects. */
  private async keepReading(pass: Pass): Promise<void> {
    const { report, signal, newest } = pass;
    const backOff = this.options.backOff ?? BACK_OFF;
    const isOver = (): boolean => signal.aborted;
    let failures = 0;
    report({ state: 'connecting' });
    while (!isOver()) {
      const began = performance.now();
      let end: ConnectionEnd;
      try {
        end = await this.read(pass);
      } catch (error) {
        const { message } = FerError.from(error);
        const reason = message.startsWith(`${this.name}: `) ? message.slice(this.name.length + 2) : message;
        if (!comesBack(this.address)) {
          report({ state: 'failed', reason });
          return;
        }
        end = { kind: 'broken', reason };
      }
      if (isOver()) return;
      if (end.kind === 'ended') {
        if (this.options.loop === true) {
          // A file of one frame would start ffmpeg as often as it can end.
          const rest = Math.max(0, backOff.shortest - (performance.now() - began));
          await sleep(rest, undefined, { signal }).catch(() => undefined);
          continue;
        }
        report({ state: 'ended' });
        return;
      }
      newest.discard(); // by the time of the next frame it would be old
      const lasted = performance.now() - began;
      if (lasted >= backOff.stableAfter) failures = 0;
      failures++;
      const retryIn = end.kind === 'resized' && lasted >= backOff.shortest ? 0 : pauseAfter(failures, backOff);
      report({ state: 'reconnecting', reason: end.reason, retryIn });
      await sleep(retryIn, undefined, { signal }).catch(() => undefined);
      if (!isOver()) report({ state: 'connecting' });
    }
  }

  private read(pass: Pass): Promise<ConnectionEnd> {
    const { maxWidth = MAX_WIDTH, stallAfter = STALL_AFTER } = this.options;
    return readOnce(this.address, {
      maxWidth,
      stallAfter,
      signal: pass.signal,
      onPicture: ({ width, height, data }) => {
        const now = performance.now();
        if (pass.frames === 0) pass.began = now;
        if (this.current.state !== 'running') pass.report({ state: 'running' });
        pass.newest.put({ index: pass.frames++, timestamp: (now - pass.began) / 1000, width, height, data });
      },
    });
  }
}

/** A missing file stays missing; a camera or a host may come back. */
function comesBack({ kind }: SourceAddress): boolean {
  return kind === 'camera' || kind === 'rtsp' || kind === 'http';
}

export const BACK_OFF: BackOff = { shortest: 500, longest: 30_000, stableAfter: 10_000 };

/**
 * Milliseconds to wait before attempt `failures` + 1. Half of a pause is left to chance, so that many clients of one camera do not return together.
 * @param failures failed attempts in a row, from 1
 * @param chance 0..1
 */
export function pauseAfter(failures: number, { shortest, longest }: BackOff, chance: number = Math.random()): number {
  const whole = Math.min(longest, 2 * shortest * 2 ** (failures - 1));
  return Math.max(shortest, Math.round(whole * (0.5 + chance / 2)));
}

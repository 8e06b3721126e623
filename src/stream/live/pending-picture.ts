import { FerError } from '../../errors/fer-error.js';
import type { Picture } from '../../ingest/frame.js';
import type { WorkerPool } from '../../workers/worker-pool.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { tooLarge } from '../protocol/messages.js';
import type { Problem, ResultMessage } from '../protocol/messages.js';
import type { DecoderApi } from './decoder-worker.js';
import type { LivePicture, SessionListener } from './live-engine.js';
import type { LoadMeter } from './meters.js';
import type { Job } from './scheduler.js';
import type { WorkerSupervisor } from './worker-supervisor.js';

/** The pictures of a session from its start, or from a reset to the next. */
export class PictureStream {
  private readonly clock = new CaptureClock();
  private pending = 0;
  /** No more pictures will come. */
  isEnded = false;

  /**
   * @param id unique per stream
   * @param onForgotten called once, when the stream has ended and all its pictures are done
   */
  constructor(
    readonly id: number,
    private readonly onForgotten: () => void,
  ) {}

  /** Counts a new picture. @returns its time in seconds since the first one */
  begin(captureTime: number): number {
    this.pending += 1;
    return this.clock.next(captureTime);
  }

  /** A picture is done or abandoned. */
  finish(): void {
    this.pending -= 1;
    this.forgetIfOver();
  }

  end(): void {
    this.isEnded = true;
    this.forgetIfOver();
  }

  private forgetIfOver(): void {
    if (this.isEnded && this.pending === 0) this.onForgotten();
  }
}

/** Minimum seconds between two pictures: faces are tracked through time, so no two pictures share a time. */
const MIN_STEP = 0.001;

/** Maximum seconds between two pictures. A clock that leaps would otherwise make times so large that the minimum step is lost in rounding. */
const MAX_STEP = 86_400;

/**
 * Capture times as seconds since the first picture. When the sender's clock stops or steps back, time advances by the minimum step; a leap
 * of more than a day counts as a day.
 */
export class CaptureClock {
  private last: { readonly captureTime: number; readonly time: number } | null = null;

  /** @param captureTime milliseconds by the sender's clock @returns seconds, strictly increasing */
  next(captureTime: number): number {
    const time =
      this.last === null
        ? 0
        : this.last.time + Math.min(MAX_STEP, Math.max(MIN_STEP, (captureTime - this.last.captureTime) / 1000));
    this.last = { captureTime, time };
    return time;
  }
}

/** Shared by all pictures of an engine. */
export interface EngineContext {
  readonly analyzer: WorkerSupervisor;
  readonly decoder: Pick<WorkerPool<null, DecoderApi>, 'call' | 'close'>;
  readonly meter: LoadMeter;
  readonly maxPixels: number;
  /** Gets one line for each picture at which the decoder's thread ended. */
  readonly warn: (line: string) => void;
}

const DEFECT: Problem = {
  code: 'INTERNAL',
  message: 'analyzing the picture failed in the server, which has logged why; send the next one',
};

/** A picture between `submit` and its one answer. */
export class PendingPicture implements Job {
  private readonly submitted = performance.now();
  private readonly timestamp: number;
  private prepared: Promise<boolean> | null = null;
  private pixels: Picture | null = null;
  private decoding = 0;
  private isDone = false;

  constructor(
    private readonly given: LivePicture,
    private readonly stream: PictureStream,
    private readonly listener: SessionListener,
    private readonly context: EngineContext,
  ) {
    this.timestamp = stream.begin(given.captureTime);
  }

  prepare(): Promise<boolean> {
    this.prepared ??= this.decode();
    return this.prepared;
  }

  async work(): Promise<void> {
    const { analyzer, meter } = this.context;
    if (this.isDone || this.pixels === null) return;
    const started = performance.now();
    meter.start(started);
    try {
      const result = await analyzer.analyze(this.stream.id, {
        index: this.given.sequence,
        timestamp: this.timestamp,
        ...this.pixels,
      });
      this.answer(result, performance.now() - started);
    } catch {
      // The supervisor has logged it.
      this.refuse(DEFECT);
    } finally {
      meter.stop(performance.now());
    }
    // While no thread is running, pictures wait and are replaced by newer ones.
    await analyzer.settled();
  }

  /** A newer picture takes its place. */
  skip(): void {
    this.finish(() => {
      this.listener.onSkipped(this.given.sequence, 'newer');
    });
  }

  /** Its session is closed: no answer. */
  abandon(): void {
    this.finish(() => undefined);
  }

  private async decode(): Promise<boolean> {
    const started = performance.now();
    const pixels = isPicture(this.given.picture) ? await this.toPixels() : NO_PICTURE;
    this.decoding = performance.now() - started;
    if ('code' in pixels) {
      this.refuse(pixels);
      return false;
    }
    this.pixels = pixels;
    return !this.isDone;
  }

  private async toPixels(): Promise<Picture | Problem> {
    const { picture } = this.given;
    const { decoder, maxPixels, warn } = this.context;
    if (picture.kind === 'jpeg')
      return decoder.call('decode', picture.bytes).catch((error: unknown) => {
        // The decoder is ended with the engine, after all sessions.
        if (!this.stream.isEnded) warn(`a picture was not decoded: ${FerError.from(error).message}`);
        return DEFECT;
      });
    const { width, height, data } = picture;
    if (width * height > maxPixels) return tooLarge(maxPixels);
    if (width < 1 || height < 1 || data.length !== width * height * 3)
      return {
        code: 'BAD_PICTURE',
        message: `${data.length} bytes are not an RGB picture of ${width}x${height} pixels`,
      };
    return { width, height, data };
  }

  private answer(frame: FrameResult, analyzing: number): void {
    const { sequence, captureTime } = this.given;
    const worked = this.decoding + analyzing;
    const timing = { waited: Math.max(0, performance.now() - this.submitted - worked), worked };
    const { timestamp, width, height, status, faces } = frame;
    const message: ResultMessage = {
      type: 'result',
      sequence,
      captureTime,
      timestamp,
      width,
      height,
      status,
      faces,
      timing,
    };
    this.finish(() => {
      this.listener.onResult(message);
    });
  }

  private refuse(problem: Problem): void {
    this.finish(() => {
      this.listener.onProblem(this.given.sequence, problem);
    });
  }

  private finish(send: () => void): void {
    if (this.isDone) return;
    this.isDone = true;
    this.stream.finish();
    send();
  }
}

const NO_PICTURE: Problem = {
  code: 'BAD_PICTURE',
  message:
    "no picture was submitted: give { kind: 'jpeg', bytes } or { kind: 'rgb', width, height, data }, in a Uint8Array",
};

/** Callers from JavaScript are not held by the type, and the scheduler waits for an answer: an error would stop all sessions. */
function isPicture(given: unknown): boolean {
  const { kind, bytes, data } = (given ?? {}) as {
    readonly kind?: unknown;
    readonly bytes?: unknown;
    readonly data?: unknown;
  };
  return (kind === 'jpeg' && bytes instanceof Uint8Array) || (kind === 'rgb' && data instanceof Uint8Array);
}

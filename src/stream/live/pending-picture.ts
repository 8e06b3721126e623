import type { Problem } from '../protocol/problem-codes.js';
import type { ResultMessage } from '../protocol/messages.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { decodeJpeg, tooLarge } from './decode-jpeg.js';
import type { Pixels } from './decode-jpeg.js';
import type { WorkerSupervisor } from './worker-supervisor.js';
import type { LivePicture, SessionListener } from './live-engine.js';
import type { LoadMeter } from './meters.js';
import type { PictureStream } from './picture-stream.js';
import type { Job } from './scheduler.js';

/** Shared by all pictures of an engine. */
export interface EngineContext {
  readonly analyzer: WorkerSupervisor;
  readonly meter: LoadMeter;
  readonly maxPixels: number;
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
  private pixels: Pixels | null = null;
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
    const pixels = await toPixels(this.given.picture, this.context.maxPixels);
    this.decoding = performance.now() - started;
    if ('code' in pixels) {
      this.refuse(pixels);
      return false;
    }
    this.pixels = pixels;
    return !this.isDone;
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

async function toPixels(picture: LivePicture['picture'], maxPixels: number): Promise<Pixels | Problem> {
  if (picture.kind === 'jpeg') return decodeJpeg(picture.bytes, maxPixels);
  const { width, height, data } = picture;
  if (width * height > maxPixels) return tooLarge(maxPixels);
  if (width < 1 || height < 1 || data.length !== width * height * 3)
    return { code: 'BAD_PICTURE', message: `${data.length} bytes are not an RGB picture of ${width}x${height} pixels` };
  return { width, height, data };
}

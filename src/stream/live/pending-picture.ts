import type { Problem, ResultMessage } from '../protocol/index.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { decodeJpeg, tooLarge } from './decode-jpeg.js';
import type { Pixels } from './decode-jpeg.js';
import type { WorkerSupervisor } from './worker-supervisor.js';
import type { LivePicture, SessionListener } from './live-engine.js';
import type { LoadMeter } from './load-meter.js';
import type { PictureStream } from './picture-stream.js';
import type { Job } from './scheduler.js';

/** What all pictures of an engine share. */
export interface EngineContext {
  readonly analyzer: WorkerSupervisor;
  readonly meter: LoadMeter;
  readonly maxPixels: number;
}

const DEFECT: Problem = {
  code: 'INTERNAL',
  message: 'the picture could not be worked on, by a defect in the server that it has logged; send the next one',
};

/** A picture between `submit` and its answer, of which it gets exactly one. */
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
    private readonly workshop: EngineContext,
  ) {
    this.timestamp = stream.begin(given.captureTime);
  }

  prepare(): Promise<boolean> {
    this.prepared ??= this.decode();
    return this.prepared;
  }

  async work(): Promise<void> {
    const { analyzer: perceiver, meter } = this.workshop;
    if (this.isDone || this.pixels === null) return;
    const started = performance.now();
    meter.start(started);
    try {
      const result = await perceiver.analyze(this.stream.id, {
        index: this.given.sequence,
        timestamp: this.timestamp,
        ...this.pixels,
      });
      this.tell(result, performance.now() - started);
    } catch {
      // Told by the perceiver, to those who run it.
      this.refuse(DEFECT);
    } finally {
      meter.stop(performance.now());
    }
    // Without a thread pictures wait, and yield to newer ones.
    await perceiver.settled();
  }

  /** A newer one takes its place. */
  skip(): void {
    this.finish(() => {
      this.listener.onSkipped(this.given.sequence, 'newer');
    });
  }

  /** Nobody waits for its answer any more. */
  abandon(): void {
    this.finish(() => undefined);
  }

  private async decode(): Promise<boolean> {
    const started = performance.now();
    const pixels = await toPixels(this.given.picture, this.workshop.maxPixels);
    this.decoding = performance.now() - started;
    if ('code' in pixels) {
      this.refuse(pixels);
      return false;
    }
    this.pixels = pixels;
    return !this.isDone;
  }

  private tell(frame: FrameResult, perceiving: number): void {
    const { sequence, captureTime } = this.given;
    const worked = this.decoding + perceiving;
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

  private finish(answer: () => void): void {
    if (this.isDone) return;
    this.isDone = true;
    this.stream.finish();
    answer();
  }
}

async function toPixels(picture: LivePicture['picture'], maxPixels: number): Promise<Pixels | Problem> {
  if (picture.kind === 'jpeg') return decodeJpeg(picture.bytes, maxPixels);
  const { width, height, data } = picture;
  if (width * height > maxPixels) return tooLarge(maxPixels);
  if (width < 1 || height < 1 || data.length !== width * height * 3)
    return { code: 'BAD_PICTURE', message: `${data.length} bytes are no RGB picture of ${width}x${height} pixels` };
  return { width, height, data };
}

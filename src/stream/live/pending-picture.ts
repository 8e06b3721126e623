import type { Frame } from '../../ingest/frame.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { Problem, ResultMessage } from '../protocol/messages.js';
import type { LivePicture, SessionListener } from './live-engine.js';
import type { LoadMeter } from './meters.js';
import type { PictureStream } from './picture-stream.js';
import type { Job } from './scheduler.js';
import type { WorkerSupervisor } from './worker-supervisor.js';

type Pixels = Pick<Frame, 'width' | 'height' | 'data'>;

/** Start of image, and the first byte of the next marker: every JPEG starts with them. */
const SIGNATURE = [0xff, 0xd8, 0xff] as const;

/**
 * Decodes a JPEG to RGB as a browser shows it: rotated by its EXIF orientation, grey and CMYK converted. Runs outside this thread.
 * @param maxPixels larger pictures are refused by their header, before memory is allocated
 * @returns the pixels, or the problem with the picture
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels | Problem> {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte))
    return {
      code: 'BAD_PICTURE',
      message: 'the picture is not a JPEG (it does not start with FF D8 FF); send baseline or progressive JPEG',
    };
  try {
    const { default: sharp } = await import('sharp');
    const decoder = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels });
    const { data, info } = await decoder
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3)
      return { code: 'BAD_PICTURE', message: `the JPEG decodes to ${info.channels} channels instead of 3` };
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (error) {
    const reason = firstLine(error);
    if (reason.includes('exceeds pixel limit')) return tooLarge(maxPixels);
    return {
      code: 'BAD_PICTURE',
      message: `the JPEG cannot be decoded: ${reason}; check that all of its bytes were sent`,
    };
  }
}

function tooLarge(maxPixels: number): Problem {
  return { code: 'PICTURE_TOO_LARGE', message: `the picture has more than ${maxPixels} pixels; send a smaller one` };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}

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

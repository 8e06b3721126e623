import type { Frame } from '../frame.js';

/** One thing to annotate. */
export interface Input {
  readonly kind: 'file' | 'images' | 'url' | 'stdin';
  /** File, folder or picture path; URL; "-" for stdin. */
  readonly path: string;
  /** As the user named it; for what was found in a folder, the folder as named and the way from there. */
  readonly name: string;
  /** Changes with the content, if known from the search for inputs: ETag and size of an object. */
  readonly version?: string;
}

/** Images of a folder per second, unless `fps` is given. */
export const IMAGE_RATE = 1;

/** What is known about a source before its first frame; every field may be unknown (null). */
export interface SourceInfo {
  /** Container and codec as ffprobe names them, e.g. "mov,mp4,m4a" and "h264". */
  readonly container: string | null;
  readonly codec: string | null;
  /** Seconds. */
  readonly duration: number | null;
  /** Frames that the container announces for the part to be read, after `fps` and the time range; null when it does not say. */
  readonly expectedFrames: number | null;
}

/** How decoding went; complete once the frames have ended. */
export interface DecodeReport {
  readonly frames: number;
  readonly expectedFrames: number | null;
  /** Lines in which the decoder complained of damaged data. */
  readonly decodeErrors: number;
  /** True when frames are missing or were decoded from damaged data. */
  readonly degraded: boolean;
  /** One line for a person, null when all is well: "868 of 900 frames, 12 decode errors", or where the clock of the footage jumps. */
  readonly note: string | null;
}

/**
 * A source of frames that is pulled: nothing is decoded beyond a small read-ahead until the consumer asks for it.
 * One pass only. Ending the iteration early (break, return, throw, abort) stops the decoder and frees everything.
 */
export interface FrameSource {
  readonly name: string;
  readonly info: SourceInfo;
  /** @throws FerError INPUT_* when nothing can be decoded. Damage in the middle ends up in `report()` instead. */
  frames(signal?: AbortSignal): AsyncIterable<Frame>;
  report(): DecodeReport;
}

/** Which part of a source to read, and at what rate and size. */
export interface SourceOptions {
  /** Frames per second to keep; null keeps every frame with its own presentation time. */
  readonly fps?: number | null;
  /** Seconds of presentation time; frames with start <= t < end are kept, timestamps stay those of the container. */
  readonly start?: number | null;
  readonly end?: number | null;
  /** Scale to this width in pixels (height follows, even); null keeps the display size. */
  readonly width?: number | null;
  /** Make RGB of all pictures; else video may stay YUV, see `Picture`. */
  readonly rgb?: boolean;
  /** Images that cannot be decoded keep their place, as frames without pixels; else they are left out. */
  readonly keepUnreadable?: boolean;
}

/** A source whose decoder is started at once: it takes its time to give the first frame, which others may use. Close it, whether its frames are read or not. */
export class BegunSource implements FrameSource {
  private readonly stop = new AbortController();
  private readonly iterator: AsyncIterator<Frame>;
  private readonly first: Promise<IteratorResult<Frame>>;

  constructor(private readonly source: FrameSource) {
    this.iterator = source.frames(this.stop.signal)[Symbol.asyncIterator]();
    this.first = this.iterator.next();
    this.first.catch(() => undefined); // who reads the frames gets the error
  }

  get name(): string {
    return this.source.name;
  }

  get info(): SourceInfo {
    return this.source.info;
  }

  async *frames(signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    const abort = (): void => {
      this.stop.abort();
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    try {
      for (let next = await this.first; next.done !== true; next = await this.iterator.next()) yield next.value;
    } finally {
      signal?.removeEventListener('abort', abort);
      await this.iterator.return?.();
    }
  }

  report(): DecodeReport {
    return this.source.report();
  }

  /** Ends the decoder if it still runs. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.first.catch(() => undefined);
    await this.iterator.return?.();
  }
}

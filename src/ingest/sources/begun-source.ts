import type { Frame } from '../frame.js';
import type { DecodeReport, FrameSource, SourceInfo } from './frame-source.js';

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

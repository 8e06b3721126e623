import { finalize, mergeAll } from 'rxjs';
import type { Observable } from 'rxjs';
import type { DecodeReport, Frame, FrameSource } from '../ingest/index.js';
import { demand } from './demand.js';
import type { FrameResult } from './frame-result.js';
import { iterate } from './iterate.js';
import { perceive } from './perceive.js';
import type { Perception } from './perceive.js';
import type { RunMetadata } from './run-metadata.js';

/** Frames between the decoder and their features at a time: one at work, one being read meanwhile. */
const FRAMES_IN_FLIGHT = 2;

/**
 * One pass over one input: an async iterable of results, or an Observable. Either can be used, once.
 * Leaving the loop, or unsubscribing, stops ffmpeg and frees everything; `settled` tells when that is done.
 */
export class Annotation implements AsyncIterable<FrameResult> {
  private started = false;
  private readonly finish: () => void;
  /** Resolves when the pass has ended, however it ended, and holds nothing any more. */
  readonly settled: Promise<void>;

  constructor(
    readonly metadata: RunMetadata,
    private readonly source: FrameSource,
    private readonly open: () => Perception & { dispose(): void },
  ) {
    const { promise, resolve } = withResolvers();
    this.settled = promise;
    this.finish = resolve;
  }

  /** How decoding went; complete once the results have ended. */
  report(): DecodeReport {
    return this.source.report();
  }

  /**
   * Results as an Observable. Frames are decoded no faster than they are worked on; results (small) are emitted as they
   * come, so a consumer that is slow and asynchronous should iterate instead.
   */
  get results$(): Observable<FrameResult> {
    return this.results();
  }

  /** Results one by one; the decoder waits for the consumer. */
  [Symbol.asyncIterator](): AsyncGenerator<FrameResult, void, undefined> {
    return iterate(
      (ready) => this.results(ready),
      () => this.settled,
    );
  }

  private results(ready?: () => Promise<void>): Observable<FrameResult> {
    if (this.started) throw new Error('an Annotation can be consumed only once; annotate the input again');
    this.started = true;
    const perception = this.open();
    const closed = withResolvers();
    let working: Promise<unknown> = Promise.resolve();
    const follower = {
      update: (frame: Frame) => {
        const faces = perception.follower.update(frame);
        working = faces.catch(() => undefined);
        return faces;
      },
    };
    const dispose = async (): Promise<void> => {
      // Work that is under way when the consumer leaves still uses the follower's tensors.
      await Promise.all([working, closed.promise]);
      perception.dispose();
      this.finish();
    };
    return demand((signal) => this.source.frames(signal), perceive({ ...perception, follower }), {
      inFlight: FRAMES_IN_FLIGHT,
      closed: closed.resolve,
      ...(ready === undefined ? {} : { ready }),
    }).pipe(
      mergeAll(),
      finalize(() => void dispose()),
    );
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

import { concat, defer, finalize, map, mergeAll, mergeMap } from 'rxjs';
import type { Observable } from 'rxjs';
import { FerError } from '../../errors/fer-error.js';
import type { KnownPerson } from '../../ingest/face/re-identify/identities.js';
import type { Frame } from '../../ingest/frame.js';
import type { DecodeReport, FrameSource } from '../../ingest/sources/frame-source.js';
import { applyPeople } from '../results/people.js';
import type { People } from '../results/people.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { demand, iterate } from '../pipeline/demand.js';
import type { FacePipeline } from '../pipeline/face-pipeline.js';
import type { FrameResult } from '../pipeline/frame-result.js';

/** Decoded frames held besides those being encoded: one is tracked, one waits for the encoder, so that a slow frame stops neither. */
const FRAMES_IN_FLIGHT = 2;

/**
 * One pass over one input: an async iterable of results, or an Observable. Use one of them, once.
 * Leaving the loop, or unsubscribing, stops ffmpeg and frees everything; `settled` resolves when that is done.
 */
export class Annotation implements AsyncIterable<FrameResult> {
  private started = false;
  private readonly finish: () => void;
  private pipeline: FacePipeline | null = null;
  /** Resolves when the pass has ended in any way and holds nothing. */
  readonly settled: Promise<void>;

  constructor(
    readonly metadata: RunMetadata,
    private readonly source: FrameSource,
    private readonly startPipeline: () => FacePipeline,
    private readonly corrections: People = {},
  ) {
    const { promise, resolve } = withResolvers();
    this.settled = promise;
    this.finish = resolve;
  }

  /** How decoding went, and what a limit on faces left out; complete once the results have ended. */
  report(): DecodeReport {
    const report = this.source.report();
    const leftOut = this.pipeline?.leftOut ?? 0;
    if (leftOut === 0) return report;
    const faces = leftOut === 1 ? '1 face' : `${leftOut} faces`;
    const note = `the limit on faces per frame left out up to ${faces} of a frame`;
    return { ...report, note: report.note === null ? note : `${report.note}; ${note}` };
  }

  /** All people seen, by track id; complete once the results have ended. */
  get knownPeople(): KnownPerson[] {
    return this.pipeline?.knownPeople ?? [];
  }

  /** The class frequencies that posteriors assume, by label; estimated ones are complete once the results have ended. */
  get prior(): Readonly<Record<string, number>> | null {
    return this.pipeline?.prior ?? null;
  }

  /**
   * Results as an Observable. Frames are decoded no faster than they are analysed, but results are emitted as they come:
   * a slow asynchronous consumer should iterate instead.
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
    if (this.started)
      throw new FerError(
        'USAGE',
        `${this.metadata.input.name}: an annotation can be consumed only once; annotate the input again`,
      );
    this.started = true;
    let pipeline: FacePipeline;
    try {
      pipeline = this.startPipeline();
    } catch (error) {
      this.finish();
      throw error;
    }
    this.pipeline = pipeline;
    const closed = withResolvers();
    const analyse = (frames: Observable<Frame>): Observable<FrameResult[]> =>
      concat(
        // The pipeline answers in order, so merging keeps the order.
        frames.pipe(mergeMap((frame) => pipeline.push(frame))),
        defer(() => pipeline.flush()),
      );
    const dispose = async (): Promise<void> => {
      await closed.promise;
      // The results are complete: an engine that fails to free memory does not take them back.
      await pipeline.dispose().catch(() => undefined);
      this.finish();
    };
    return demand((signal) => this.source.frames(signal), analyse, {
      inFlight: FRAMES_IN_FLIGHT + pipeline.encodesAtOnce,
      closed: closed.resolve,
      ...(ready === undefined ? {} : { ready }),
    }).pipe(
      mergeAll(),
      map((result) => applyPeople(result, { names: this.corrections.names ?? {} })),
      finalize(() => void dispose()),
    );
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

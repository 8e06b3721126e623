import type { Frame } from '../../ingest/frame.js';
import type { LiveEngine, LiveSession, SessionListener } from '../live/live-engine.js';
import type { Problem } from '../protocol/problem-codes.js';
import type { ResultMessage } from '../protocol/messages.js';

/** What became of a frame; null when it was skipped, or when the asking was broken off. */
export type Answer = { readonly result: ResultMessage } | { readonly problem: Problem } | null;

/** An engine session as a function: one frame at a time, each with its answer. */
export class SingleAsker implements SessionListener {
  private readonly session: LiveSession;
  private settle: (answer: Answer) => void = () => undefined;

  constructor(
    engine: LiveEngine,
    private readonly signal: AbortSignal,
  ) {
    this.session = engine.openSession(this);
    signal.addEventListener('abort', this.giveUp, { once: true });
  }

  /** The frame's bytes are taken over. */
  ask({ index, width, height, data }: Frame, captureTime: number): Promise<Answer> {
    return new Promise((resolve) => {
      this.settle = resolve;
      if (this.signal.aborted) resolve(null);
      else this.session.submit({ sequence: index, captureTime, picture: { kind: 'rgb', width, height, data } });
    });
  }

  close(): void {
    this.signal.removeEventListener('abort', this.giveUp);
    this.session.close();
  }

  onResult(result: ResultMessage): void {
    this.settle({ result });
  }

  onSkipped(): void {
    this.settle(null);
  }

  onProblem(_sequence: number, problem: Problem): void {
    this.settle({ problem });
  }

  private readonly giveUp = (): void => {
    this.settle(null);
  };
}

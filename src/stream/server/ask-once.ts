import type { Frame } from '../../ingest/frame.js';
import type { LiveEngine } from '../live/live-engine.js';
import type { ResultMessage } from '../protocol/messages.js';
import type { Problem } from '../protocol/problem-codes.js';

/** What became of a frame; null when it was skipped or the signal was aborted. */
export type Answer = { readonly result: ResultMessage } | { readonly problem: Problem } | null;

/** An engine session as a function. */
export interface Asker {
  /** One frame at a time. The frame's bytes are moved to the engine. */
  askOnce(frame: Frame, captureTime: number): Promise<Answer>;
  close(): void;
}

/** @param signal aborting it answers the open question with null */
export function openAsker(engine: LiveEngine, signal: AbortSignal): Asker {
  let settle: (answer: Answer) => void = () => undefined;
  const giveUp = (): void => {
    settle(null);
  };
  const session = engine.openSession({
    onResult: (result) => {
      settle({ result });
    },
    onSkipped: giveUp,
    onProblem: (_sequence, problem) => {
      settle({ problem });
    },
  });
  signal.addEventListener('abort', giveUp, { once: true });
  return {
    askOnce: ({ index, width, height, data }, captureTime) =>
      new Promise((resolve) => {
        settle = resolve;
        if (signal.aborted) resolve(null);
        else session.submit({ sequence: index, captureTime, picture: { kind: 'rgb', width, height, data } });
      }),
    close: () => {
      signal.removeEventListener('abort', giveUp);
      session.close();
    },
  };
}

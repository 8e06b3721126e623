import { FerError, printable } from '../../errors/fer-error.js';
import type { Frame } from '../../ingest/frame.js';
import { toRgb } from '../../ingest/frame.js';
import type { LiveSource, LiveSourceStatus } from '../../ingest/live/live-source.js';
import type { LiveEngine } from '../live/live-engine.js';
import type { Problem, ResultMessage, SourceMessage } from '../protocol/messages.js';
import { roundTo } from '../results/rounding.js';
import type { FrameCounter } from './server-metrics.js';
import { pictureMessage, resultText, sourceMessage } from './outgoing-messages.js';

/** Outcome of a frame; null when it was skipped or the signal was aborted. */
type Answer = { readonly result: ResultMessage } | { readonly problem: Problem } | null;

/** An engine session as a function. */
interface EngineSession {
  /** One frame at a time. The frame's bytes are moved to the engine. */
  askOnce(frame: Frame, captureTime: number): Promise<Answer>;
  close(): void;
}

/** @param signal aborting it answers the open question with null */
function openEngineSession(engine: LiveEngine, signal: AbortSignal): EngineSession {
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
    askOnce: (frame, captureTime) =>
      new Promise((resolve) => {
        settle = resolve;
        if (signal.aborted) resolve(null);
        else {
          const { index: sequence, width, height } = frame;
          session.submit({ sequence, captureTime, picture: { kind: 'rgb', width, height, data: toRgb(frame) } });
        }
      }),
    close: () => {
      signal.removeEventListener('abort', giveUp);
      session.close();
    },
  };
}

/** A connected viewer. */
export interface Watcher {
  readonly wantsFrames: boolean;
  readonly wantsLandmarks: boolean;
  /** Called when the state of the source has changed. */
  tellSource(): void;
  deliver(text: string, picture: Uint8Array | null): void;
  problem(sequence: number, problem: Problem): void;
}

interface BroadcastOptions {
  /** Milliseconds for which the source keeps running without watchers. */
  readonly linger: number;
  readonly counter: FrameCounter;
  /** Gets the seconds a frame spent in the engine. */
  readonly onLatency: (seconds: number) => void;
  readonly log: (line: string) => void;
}

/**
 * The server's source, analyzed once for all viewers. It runs while somebody watches, and a little longer so that a page can be reloaded;
 * after that the next viewer starts it again.
 *
 * One frame is in the engine at a time. The source keeps only its newest frame, so the next one is never old.
 */
export class Broadcast {
  state: SourceMessage;
  readonly counter: FrameCounter;
  private readonly watchers = new Set<Watcher>();
  private pass: AbortController | null = null;
  private passEnded = Promise.resolve();
  private lingering: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: LiveSource,
    private readonly engine: LiveEngine,
    private readonly options: BroadcastOptions,
  ) {
    this.counter = options.counter;
    this.state = sourceMessage(source.name, { state: 'connecting' });
  }

  add(watcher: Watcher): void {
    clearTimeout(this.lingering);
    this.watchers.add(watcher);
    this.pass ??= this.begin();
  }

  remove(watcher: Watcher): void {
    this.watchers.delete(watcher);
    if (this.watchers.size > 0 || this.pass === null) return;
    clearTimeout(this.lingering);
    this.lingering = setTimeout(this.stop, this.options.linger);
  }

  /** Resolves when the source has stopped. */
  async close(): Promise<void> {
    clearTimeout(this.lingering);
    this.stop();
    await this.passEnded;
  }

  private begin(): AbortController {
    const stop = new AbortController();
    // A source makes one pass at a time, and the previous one may still be stopping its ffmpeg.
    this.passEnded = this.passEnded.then(() => this.run(stop.signal));
    return stop;
  }

  private readonly stop = (): void => {
    this.pass?.abort();
    this.pass = null;
    this.state = sourceMessage(this.source.name, { state: 'connecting' });
  };

  private async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const onStatus = (status: LiveSourceStatus): void => {
      if (signal.aborted) return;
      const state = sourceMessage(this.source.name, status);
      if (JSON.stringify(state) === JSON.stringify(this.state)) return;
      this.state = state;
      for (const watcher of this.watchers) watcher.tellSource();
    };
    try {
      const engineSession = openEngineSession(this.engine, signal);
      try {
        await this.follow(engineSession, onStatus, signal);
      } finally {
        engineSession.close();
      }
    } catch (error) {
      this.options.log(`source: ${printable(FerError.from(error).message)}`);
      onStatus({ state: 'failed', reason: "internal error; see the server's log" });
    }
  }

  private async follow(
    engineSession: EngineSession,
    onStatus: (status: LiveSourceStatus) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let dropped = this.source.dropped;
    let zero: number | null = null;
    for await (const frame of this.source.frames(onStatus, signal)) {
      if (signal.aborted) return;
      this.counter.add('received', 1 + this.source.dropped - dropped);
      this.counter.add('skipped', this.source.dropped - dropped);
      dropped = this.source.dropped;
      zero ??= Date.now() - frame.timestamp * 1000;
      await this.analyze(frame, roundTo(zero + frame.timestamp * 1000, 3), engineSession);
    }
  }

  private async analyze(frame: Frame, captureTime: number, engineSession: EngineSession): Promise<void> {
    // Before the engine gets the frame: its bytes are moved there.
    const picture = this.encode(frame, captureTime);
    const answer = await engineSession.askOnce(frame, captureTime);
    if (answer === null) this.counter.add('skipped');
    else if ('problem' in answer) {
      this.counter.add('refused');
      for (const watcher of this.watchers) watcher.problem(frame.index, answer.problem);
    } else {
      this.counter.add('answered');
      this.options.onLatency((answer.result.timing.waited + answer.result.timing.worked) / 1000);
      this.deliver(answer.result, await picture);
    }
  }

  /** The frame as a message, encoded once for all viewers that want it; null when none does. */
  private async encode(frame: Frame, captureTime: number): Promise<Uint8Array | null> {
    if (![...this.watchers].some(({ wantsFrames }) => wantsFrames)) return null;
    try {
      return await pictureMessage(frame, captureTime);
    } catch (error) {
      this.options.log(`source: a frame could not be encoded as JPEG: ${printable(FerError.from(error).message)}`);
      return null;
    }
  }

  private deliver(result: ResultMessage, picture: Uint8Array | null): void {
    const texts = new Map<boolean, string>();
    for (const watcher of this.watchers) {
      const landmarks = watcher.wantsLandmarks;
      const text = texts.get(landmarks) ?? resultText(result, landmarks);
      texts.set(landmarks, text);
      watcher.deliver(text, watcher.wantsFrames ? picture : null);
    }
  }
}

import sharp from 'sharp';
import { WorkerSupervisor } from './worker-supervisor.js';
import type { SupervisorOptions } from './worker-supervisor.js';
import type { EngineDescription, LiveEngine, LiveSession, SessionListener } from './live-engine.js';
import { parseLiveOptions } from './live-options.js';
import type { LiveOptions } from './live-options.js';
import { LoadMeter } from './load-meter.js';
import { PendingPicture } from './pending-picture.js';
import type { EngineContext } from './pending-picture.js';
import { PictureStream } from './picture-stream.js';
import { Scheduler } from './scheduler.js';

/**
 * Loads engine, face networks and expression model into a thread of their own.
 * @param options which of them, and what to look for
 * @param surroundings where trouble is told, by default on stderr
 * @throws FerError CONFIG_INVALID, BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING, MODEL_INCOMPATIBLE
 */
export async function openLiveEngine(
  options: LiveOptions = {},
  { warn = printToStderr, module }: Partial<SupervisorOptions> = {},
): Promise<LiveEngine> {
  const settings = parseLiveOptions(options);
  // No picture comes twice: what sharp keeps for that case is of no use.
  sharp.cache(false);
  const perceiver = await WorkerSupervisor.open(settings, { warn, module });
  return new ThreadedEngine({
    analyzer: perceiver,
    meter: new LoadMeter(performance.now()),
    maxPixels: settings.maxPixels,
  });
}

class ThreadedEngine implements LiveEngine {
  private readonly scheduler = new Scheduler<LiveSession, PendingPicture>();
  private readonly sessions = new Set<LiveSession>();
  private streams = 0;

  constructor(private readonly workshop: EngineContext) {}

  get description(): EngineDescription {
    return this.workshop.analyzer.description;
  }

  get maxPixels(): number {
    return this.workshop.maxPixels;
  }

  get load(): number {
    return this.workshop.meter.share(performance.now());
  }

  openSession(listener: SessionListener): LiveSession {
    const { scheduler, workshop, sessions } = this;
    let stream = this.openStream();
    let isClosed = false;
    // Answers come after `submit` has returned, and none after `close`.
    const later = (answer: () => void): void => {
      queueMicrotask(() => {
        if (!isClosed) answer();
      });
    };
    const answers: SessionListener = {
      onResult: (result) => {
        later(() => {
          listener.onResult(result);
        });
      },
      onSkipped: (sequence, reason) => {
        later(() => {
          listener.onSkipped(sequence, reason);
        });
      },
      onProblem: (sequence, problem) => {
        later(() => {
          listener.onProblem(sequence, problem);
        });
      },
    };
    const session: LiveSession = {
      submit: (picture) => {
        if (isClosed) return;
        scheduler.submit(session, new PendingPicture(picture, stream, answers, workshop))?.skip();
      },
      reset: () => {
        if (isClosed) return;
        stream.end();
        stream = this.openStream();
      },
      close: () => {
        if (isClosed) return;
        isClosed = true;
        sessions.delete(session);
        scheduler.remove(session)?.abandon();
        stream.end();
      },
    };
    sessions.add(session);
    return session;
  }

  tensors(): Promise<number> {
    return this.workshop.analyzer.tensors();
  }

  async close(): Promise<void> {
    for (const session of [...this.sessions]) session.close();
    await this.workshop.analyzer.close();
  }

  private openStream(): PictureStream {
    this.streams += 1;
    const id = this.streams;
    return new PictureStream(id, () => {
      this.workshop.analyzer.forget(id);
    });
  }
}

function printToStderr(line: string): void {
  process.stderr.write(`ferstream: ${line}\n`);
}

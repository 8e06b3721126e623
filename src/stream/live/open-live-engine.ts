import { printable } from '../../errors/fer-error.js';
import { siblingModule } from '../../workers/worker-client.js';
import { WorkerPool } from '../../workers/worker-pool.js';
import type { DecoderApi, DecoderSetup } from './decoder-worker.js';
import { WorkerSupervisor } from './worker-supervisor.js';
import type { SupervisorOptions } from './worker-supervisor.js';
import { parseLiveOptions } from './live-engine.js';
import type { EngineDescription, LiveEngine, LiveOptions, LiveSession, SessionListener } from './live-engine.js';
import { LoadMeter } from './meters.js';
import { PendingPicture, PictureStream } from './pending-picture.js';
import type { EngineContext } from './pending-picture.js';
import { Scheduler } from './scheduler.js';

const DECODER = siblingModule(import.meta.url, 'decoder-worker');

/**
 * Loads engine, face networks and expression model into a worker thread.
 * @param context `warn` gets one line for each failure; default: stderr
 * @throws FerError CONFIG_INVALID, BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING, MODEL_INCOMPATIBLE
 */
export async function openLiveEngine(
  options: LiveOptions = {},
  { warn = printToStderr, module }: Partial<SupervisorOptions> = {},
): Promise<LiveEngine> {
  const settings = parseLiveOptions(options);
  const { maxPixels } = settings;
  const setup: DecoderSetup = { maxPixels };
  const decoder = await WorkerPool.open<null, DecoderApi>({ workers: 1, module: DECODER, name: 'decoder', setup });
  try {
    const analyzer = await WorkerSupervisor.open(settings, { warn, module });
    return new WorkerEngine({ analyzer, decoder, meter: new LoadMeter(performance.now()), maxPixels, warn });
  } catch (error) {
    await decoder.close();
    throw error;
  }
}

class WorkerEngine implements LiveEngine {
  private readonly scheduler = new Scheduler<LiveSession, PendingPicture>();
  private readonly sessions = new Set<LiveSession>();
  private streams = 0;

  constructor(private readonly context: EngineContext) {}

  get description(): EngineDescription {
    return this.context.analyzer.description;
  }

  get maxPixels(): number {
    return this.context.maxPixels;
  }

  get load(): number {
    return this.context.meter.share(performance.now());
  }

  openSession(listener: SessionListener): LiveSession {
    const { scheduler, context, sessions } = this;
    let stream = this.openStream();
    let isClosed = false;
    // Answers come after `submit` has returned, never after `close`.
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
        scheduler.submit(session, new PendingPicture(picture, stream, answers, context))?.skip();
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
    return this.context.analyzer.tensors();
  }

  async close(): Promise<void> {
    for (const session of [...this.sessions]) session.close();
    await Promise.all([this.context.analyzer.close(), this.context.decoder.close()]);
  }

  private openStream(): PictureStream {
    this.streams += 1;
    const id = this.streams;
    return new PictureStream(id, () => {
      this.context.analyzer.forget(id);
    });
  }
}

function printToStderr(line: string): void {
  process.stderr.write(`ferstream: ${printable(line)}\n`);
}

import type { LiveEngine, LivePicture, LiveSession, SessionListener } from '../../src/stream/live/live-engine.js';
import { LABELS, face } from '../output/support/results.js';

export interface FakeEngineOptions {
  /** Milliseconds a picture takes. */
  readonly work?: number;
  /** Faces found in every picture. */
  readonly faces?: number;
}

/** Keeps the engine's promises (one answer a picture, the newest wins) without looking further at a picture than its first byte. */
export class FakeLiveEngine implements LiveEngine {
  readonly description = {
    model: { name: 'fake', version: '1', labels: LABELS },
    engine: { backend: 'none', device: null },
  };
  readonly maxPixels = 1_000_000;
  readonly load = 0.25;
  /** Sessions that are open. */
  readonly sessions = new Set<FakeLiveSession>();
  readonly submitted: LivePicture[] = [];
  resets = 0;
  /** Set to see what the server does when the engine has died. */
  dead = false;

  constructor(readonly options: FakeEngineOptions = {}) {}

  openSession(listener: SessionListener): LiveSession {
    if (this.dead) throw new Error('the engine\nis dead');
    const session = new FakeLiveSession(this, listener);
    this.sessions.add(session);
    return session;
  }

  tensors(): Promise<number> {
    return this.dead ? Promise.reject(new Error('dead')) : Promise.resolve(7);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class FakeLiveSession implements LiveSession {
  private working = false;
  private waiting: LivePicture | null = null;
  private closed = false;
  private readonly start = performance.now();

  constructor(
    private readonly engine: FakeLiveEngine,
    private readonly listener: SessionListener,
  ) {}

  submit(picture: LivePicture): void {
    if (this.engine.dead) throw new Error('the engine is dead');
    this.engine.submitted.push(picture);
    if (!this.working) {
      this.work(picture);
      return;
    }
    if (this.waiting !== null) this.listener.onSkipped(this.waiting.sequence, 'newer');
    this.waiting = picture;
  }

  reset(): void {
    this.engine.resets += 1;
  }

  close(): void {
    this.closed = true;
    this.engine.sessions.delete(this);
  }

  private work(picture: LivePicture): void {
    this.working = true;
    const { work = 1, faces = 1 } = this.engine.options;
    setTimeout(() => {
      if (this.closed) return;
      this.working = false;
      const next = this.waiting;
      this.waiting = null;
      if (picture.picture.kind === 'jpeg' && picture.picture.bytes[0] !== 0xff) {
        this.listener.onProblem(picture.sequence, { code: 'BAD_PICTURE', message: 'no JPEG' });
      } else {
        this.listener.onResult({
          type: 'result',
          sequence: picture.sequence,
          captureTime: picture.captureTime,
          timestamp: (performance.now() - this.start) / 1000,
          width: 320,
          height: 240,
          status: faces === 0 ? 'no-face' : 'ok',
          faces: Array.from({ length: faces }, (_, index) =>
            face(index + 1, 'happiness', { probability: 0.723456789 }),
          ),
          timing: { waited: 0, worked: work },
        });
      }
      if (next !== null) this.work(next);
    }, work);
  }
}

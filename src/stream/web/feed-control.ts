import type { ConnectionState } from '../client/live-connection.js';
import { LiveViewer } from '../client/live-viewer.js';
import type { HelloMessage, SourceMessage, StatsMessage } from '../protocol/messages.js';
import { CameraFeed } from './camera-feed.js';
import { endStream, openCamera } from './camera.js';
import type { CameraProblem, OpenCamera } from './camera.js';
import { SourceFeed } from './feed.js';
import type { Answer, Feed, FeedHandlers } from './feed.js';
import type { PageFacts } from './page-state.js';

export interface FeedControlOptions {
  readonly server: string;
  readonly token: string | undefined;
  /** Plays the camera. */
  readonly video: HTMLVideoElement;
  readonly cameraChoice: () => { readonly deviceId: string | null; readonly resolution: string };
  onAnswer(answer: Answer): void;
  onHello(hello: HelloMessage): void;
  onStats(message: StatsMessage): void;
  onCamera(camera: OpenCamera): void;
  /** Everything shown is out of date: the feed was stopped, or refused by the server. */
  onStopped(): void;
  /** Mode, connection, camera or source have changed. */
  onChange(): void;
}

/** Starts and stops what the page shows: a camera of this device, or the server's source. */
export class FeedControl {
  mode: PageFacts['mode'] = 'camera';
  /** Null until the server has answered once. */
  serverHasSource: boolean | null = null;
  private camera: PageFacts['camera'] = null;
  private connection: ConnectionState | null = null;
  private source: SourceMessage | null = null;
  /** Of the last picture; null if it was answered. */
  private problem: string | null = null;
  private stream: MediaStream | null = null;
  private feed: Feed | null = null;
  private startedAt = 0;
  /** Counts starts and stops: what was awaited may be out of date. */
  private turn = 0;
  private retry = (): void => undefined;

  constructor(private readonly options: FeedControlOptions) {}

  get isRunning(): boolean {
    return this.feed !== null;
  }

  get isStarting(): boolean {
    return this.camera === 'asking';
  }

  get isConnected(): boolean {
    return this.connection?.state === 'open';
  }

  get isWaiting(): boolean {
    return this.connection?.state === 'waiting';
  }

  /** Name of what is shown, for recordings. */
  get inputName(): string {
    return this.mode === 'camera' ? 'camera' : (this.source?.name ?? 'source');
  }

  /** @param now milliseconds, as performance.now() */
  facts(now: number): Omit<PageFacts, 'framesPerSecond' | 'faces'> {
    return {
      mode: this.mode,
      camera: this.mode === 'camera' ? this.camera : null,
      connection: this.connection,
      source: this.source,
      problem: this.problem,
      runningFor: (now - this.startedAt) / 1000,
      now: Date.now(),
    };
  }

  /** Asks the server whether it has a source, and starts with it if so and if the server lets one more watch. */
  probe(): void {
    const { server, token } = this.options;
    const viewer = new LiveViewer(server, { token });
    this.retry = () => {
      viewer.retryNow();
    };
    const settle = (hasSource: boolean, mode: PageFacts['mode']): void => {
      removers.forEach((remove) => {
        remove();
      });
      viewer.close();
      this.serverHasSource = hasSource;
      this.setMode(mode);
      if (mode === 'source') void this.start();
    };
    const removers = [
      viewer.on('state', (state) => {
        this.connection = state;
        if (state.state === 'open') settle(true, 'source');
        else if (state.state === 'refused' && state.problem.code === 'NO_SOURCE') settle(false, 'camera');
        this.options.onChange();
      }),
      viewer.on('problem', ({ code }) => {
        if (code === 'TOO_MANY_SESSIONS') settle(true, 'camera');
      }),
    ];
  }

  async start(): Promise<void> {
    this.stop();
    const { turn } = this;
    const { server, token, video } = this.options;
    if (this.mode === 'source') {
      this.use(new SourceFeed(server, token, true, this.handlers));
      return;
    }
    this.camera = 'asking';
    this.options.onChange();
    const { deviceId, resolution } = this.options.cameraChoice();
    const opened = await openCamera(deviceId, resolution);
    if (turn !== this.turn) {
      if (typeof opened !== 'string') endStream(opened.stream);
      return;
    }
    if (typeof opened === 'string') {
      this.camera = opened;
      this.options.onChange();
      return;
    }
    this.camera = 'on';
    this.stream = opened.stream;
    this.watch(opened.stream);
    this.options.onCamera(opened);
    video.srcObject = opened.stream;
    try {
      await video.play();
    } catch {
      // Stopping it in the meantime fails it too.
      if (turn === this.turn) this.cameraFailed('other');
      return;
    }
    if (turn === this.turn) this.use(new CameraFeed(video, server, token, this.handlers));
  }

  stop(): void {
    this.turn += 1;
    this.feed?.close();
    this.feed = null;
    this.problem = null;
    if (this.stream !== null) endStream(this.stream);
    this.stream = null;
    this.options.video.srcObject = null;
    if (this.mode === 'camera') this.camera = 'off';
    this.options.onStopped();
    this.options.onChange();
  }

  /** Follows a camera that is unplugged, is no longer allowed, or pauses. */
  private watch(stream: MediaStream): void {
    const track = stream.getVideoTracks()[0];
    const pause = (camera: 'paused' | 'on'): void => {
      if (this.stream !== stream) return;
      this.camera = camera;
      this.options.onChange();
    };
    track?.addEventListener('ended', () => {
      if (this.stream === stream) this.cameraFailed('ended');
    });
    track?.addEventListener('mute', () => {
      pause('paused');
    });
    track?.addEventListener('unmute', () => {
      pause('on');
    });
  }

  private cameraFailed(problem: CameraProblem): void {
    this.stop();
    this.camera = problem;
    this.options.onChange();
  }

  /** Stops, and switches to the other input. */
  setMode(mode: PageFacts['mode']): void {
    if (this.feed !== null) this.stop();
    this.mode = mode;
    this.camera = 'off';
    this.connection = null;
    this.source = null;
    this.options.onChange();
  }

  retryNow(): void {
    this.retry();
  }

  private use(feed: Feed): void {
    // The server may have refused while the feed was being opened.
    if (this.connection?.state === 'refused') feed.close();
    else this.feed = feed;
    this.retry = () => {
      feed.retryNow();
    };
    this.options.onChange();
  }

  private readonly handlers: FeedHandlers = {
    onAnswer: (answer) => {
      this.problem = null;
      this.options.onAnswer(answer);
    },
    onState: (state) => {
      if (state.state === 'refused') {
        this.stop();
        if (state.problem.code === 'NO_SOURCE') this.serverHasSource = false;
      }
      this.connection = state;
      this.options.onChange();
    },
    onHello: (hello) => {
      this.startedAt = performance.now();
      this.options.onHello(hello);
    },
    onSource: (message) => {
      this.source = message;
      this.options.onChange();
    },
    onStats: (message) => {
      this.options.onStats(message);
    },
    onProblem: (message) => {
      this.problem = message;
    },
  };
}

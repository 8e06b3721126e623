import { LiveProducer } from '../client/live-producer.js';
import type { Size } from '../output/canvas-fit.js';
import type { HelloMessage } from '../protocol/messages.js';
import type { Feed, FeedHandlers } from './feed.js';

/** Calls `onFrame` once for every new frame of a playing video, with its capture time (milliseconds, as performance.now()). */
class FrameLoop {
  private handle = 0;
  private readonly cancel: () => void;

  constructor(video: HTMLVideoElement, onFrame: (captureTime: number) => void) {
    // requestAnimationFrame follows the screen, not the video: alone it would repeat some frames and skip others.
    if ('requestVideoFrameCallback' in video) {
      const next = (now: number, { captureTime }: VideoFrameCallbackMetadata): void => {
        this.handle = video.requestVideoFrameCallback(next);
        onFrame(captureTime ?? now);
      };
      this.handle = video.requestVideoFrameCallback(next);
      this.cancel = () => {
        video.cancelVideoFrameCallback(this.handle);
      };
      return;
    }
    const old: HTMLVideoElement = video;
    let shown = -1;
    const look = (now: number): void => {
      this.handle = requestAnimationFrame(look);
      if (old.currentTime === shown) return;
      shown = old.currentTime;
      onFrame(now);
    };
    this.handle = requestAnimationFrame(look);
    this.cancel = () => {
      cancelAnimationFrame(this.handle);
    };
  }

  stop(): void {
    this.cancel();
  }
}

/** Target: 95 % of pictures take at most this many milliseconds from capture to screen. */
const SOON = 113;

/** Milliseconds by which the gap grows with every later picture; it shrinks by a nineteenth of that with every other. */
const STEP = 3;

/** Longest gap in milliseconds: longer ones would not reduce the latency further. */
const LONGEST_GAP = 50;

/**
 * Controls the gap between pictures. Where browser and server share a slow machine, more pictures delay each other; the gap settles where 95 % of
 * them meet the target.
 */
export class Pace {
  private gap = 0;
  private takenAt = -Infinity;

  /** @param latency milliseconds from capture to screen */
  shown(latency: number): void {
    this.gap = latency > SOON ? Math.min(LONGEST_GAP, this.gap + STEP) : Math.max(0, this.gap - STEP / 19);
  }

  /** @param now milliseconds, by a monotonic clock @returns whether to take a picture now; if so, the next gap starts */
  take(now: number): boolean {
    if (now - this.takenAt < this.gap) return false;
    this.takenAt = now;
    return true;
  }
}

const JPEG_QUALITY = 0.7;

/** Larger pictures would not help to find faces, only take longer to send. */
const LONGEST_SIDE = 640;

/** Sends the frames of a playing video and keeps each until its answer: the page shows the frame that was analyzed, not a later one. */
export class CameraFeed implements Feed {
  private readonly producer: LiveProducer;
  private readonly loop: FrameLoop;
  private readonly sent = new Map<number, HTMLCanvasElement>();
  private readonly spare: HTMLCanvasElement[] = [];
  /** For encoding, where the camera's picture is larger than what is sent. */
  private readonly small = document.createElement('canvas');
  private readonly pace = new Pace();
  private shown: HTMLCanvasElement | null = null;
  private hello: HelloMessage | null = null;
  private encoding = false;
  private lastCapture = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    server: string,
    token: string | undefined,
    handlers: FeedHandlers,
  ) {
    this.producer = new LiveProducer(server, { token, framesInFlight: 2 });
    this.producer.on('state', (state) => {
      handlers.onState(state);
    });
    this.producer.on('hello', (hello) => {
      this.hello = hello;
      handlers.onHello(hello);
    });
    this.producer.on('stats', (message) => {
      handlers.onStats(message);
    });
    this.producer.on('result', (result) => {
      const picture = this.take(result.sequence);
      if (picture === null || this.hello === null) return;
      handlers.onAnswer({ result, hello: this.hello, picture });
      this.pace.shown(performance.timeOrigin + performance.now() - result.captureTime);
      if (this.shown !== null) this.spare.push(this.shown);
      this.shown = picture;
    });
    this.producer.on('skipped', ({ sequence }) => {
      this.discard(sequence);
    });
    this.producer.on('problem', ({ sequence, message }) => {
      if (sequence !== null) this.discard(sequence);
      handlers.onProblem(message);
    });
    this.producer.on('lost', (sequences) => {
      sequences.forEach((sequence) => {
        this.discard(sequence);
      });
    });
    handlers.onState(this.producer.state);
    this.loop = new FrameLoop(video, (captureTime) => {
      this.offer(performance.timeOrigin + captureTime);
    });
  }

  retryNow(): void {
    this.producer.retryNow();
  }

  close(): void {
    this.loop.stop();
    this.producer.close();
  }

  private offer(captureTime: number): void {
    const { video } = this;
    if (this.hello === null || video.videoWidth === 0) return;
    if (this.encoding || !this.producer.canSend || !this.pace.take(performance.now())) return;
    const full = { width: video.videoWidth, height: video.videoHeight };
    const size = sentSize(full, this.hello.limits.pixels);
    const picture = this.spare.pop() ?? document.createElement('canvas');
    draw(picture, video, full);
    const sent = size.width === full.width && size.height === full.height ? picture : this.small;
    if (sent === this.small) draw(sent, picture, size);
    this.lastCapture = Math.max(this.lastCapture, captureTime);
    const capture = this.lastCapture;
    this.encoding = true;
    sent.toBlob(
      (jpeg) => {
        this.encoding = false;
        const sequence = jpeg === null ? null : this.producer.send(jpeg, capture);
        if (sequence === null) this.spare.push(picture);
        else this.sent.set(sequence, picture);
      },
      'image/jpeg',
      JPEG_QUALITY,
    );
  }

  private take(sequence: number): HTMLCanvasElement | null {
    const canvas = this.sent.get(sequence) ?? null;
    this.sent.delete(sequence);
    return canvas;
  }

  private discard(sequence: number): void {
    const canvas = this.take(sequence);
    if (canvas !== null) this.spare.push(canvas);
  }
}

function draw(canvas: HTMLCanvasElement, picture: CanvasImageSource, { width, height }: Size): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext('2d')!.drawImage(picture, 0, 0, width, height);
}

/** The size at which a picture is sent: its own, or scaled down to 640 pixels per side and to at most `pixels`. */
export function sentSize({ width, height }: Size, pixels: number): Size {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height), Math.sqrt(pixels / (width * height)));
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) };
}

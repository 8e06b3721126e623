import { LiveProducer } from '../client/live-producer.js';
import type { HelloMessage } from '../protocol/messages.js';
import type { Feed, FeedHandlers } from './feed.js';
import { FrameLoop } from './frame-loop.js';
import { Pace } from './pace.js';
import { sentSize } from './picture-size.js';

const JPEG_QUALITY = 0.7;

/** Sends the frames of a playing video, and keeps each until its answer comes: what is shown is the frame that was looked at, not a later one. */
export class CameraFeed implements Feed {
  private readonly producer: LiveProducer;
  private readonly loop: FrameLoop;
  private readonly sent = new Map<number, HTMLCanvasElement>();
  private readonly spare: HTMLCanvasElement[] = [];
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
      const picture = this.taken(result.sequence);
      if (picture === null || this.hello === null) return;
      handlers.onAnswer({ result, hello: this.hello, picture });
      this.pace.shown(performance.timeOrigin + performance.now() - result.captureTime);
      if (this.shown !== null) this.spare.push(this.shown);
      this.shown = picture;
    });
    this.producer.on('skipped', ({ sequence }) => {
      this.discard(sequence);
    });
    this.producer.on('problem', ({ sequence }) => {
      if (sequence !== null) this.discard(sequence);
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
    if (this.hello === null || this.video.videoWidth === 0) return;
    if (this.encoding || !this.producer.canSend || !this.pace.take(performance.now())) return;
    const canvas = this.spare.pop() ?? document.createElement('canvas');
    const size = sentSize({ width: this.video.videoWidth, height: this.video.videoHeight }, this.hello.limits.pixels);
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    canvas.getContext('2d')!.drawImage(this.video, 0, 0, size.width, size.height);
    this.lastCapture = Math.max(this.lastCapture, captureTime);
    const capture = this.lastCapture;
    this.encoding = true;
    canvas.toBlob(
      (jpeg) => {
        this.encoding = false;
        const sequence = jpeg === null ? null : this.producer.send(jpeg, capture);
        if (sequence === null) this.spare.push(canvas);
        else this.sent.set(sequence, canvas);
      },
      'image/jpeg',
      JPEG_QUALITY,
    );
  }

  private taken(sequence: number): HTMLCanvasElement | null {
    const canvas = this.sent.get(sequence) ?? null;
    this.sent.delete(sequence);
    return canvas;
  }

  private discard(sequence: number): void {
    const canvas = this.taken(sequence);
    if (canvas !== null) this.spare.push(canvas);
  }
}

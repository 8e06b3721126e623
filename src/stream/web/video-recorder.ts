import { paintScene } from './stage.js';
import type { Scene } from './stage.js';

/** Whether a recording has a video, and whether boxes and labels are in it. */
export type FilmChoice = 'overlay' | 'plain' | 'none';

const TYPES = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm', 'video/mp4'];
const FRAME_RATE = 30;
const BITS_PER_SECOND = 4_000_000;
const CHUNK_MILLISECONDS = 1_000;

/** Records the shown frames as a video, from the first frame on. The picture size stays that of the first frame. */
export class VideoRecorder {
  private readonly canvas = document.createElement('canvas');
  private readonly context = this.canvas.getContext('2d')!;
  private readonly chunks: Blob[] = [];
  private recorder: MediaRecorder | null = null;

  constructor(private readonly choice: FilmChoice) {}

  static get isSupported(): boolean {
    return videoType() !== null;
  }

  add(scene: Scene): void {
    const type = videoType();
    if (this.choice === 'none' || scene.picture === null || type === null) return;
    if (this.recorder === null) this.start(scene, type);
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    paintScene(this.context, this.choice === 'plain' ? { ...scene, faces: [], mirrored: false } : scene, this.canvas);
  }

  /** @returns the video; null if no frame came */
  stop(): Promise<Blob | null> {
    const { recorder, chunks } = this;
    if (recorder === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      recorder.addEventListener('stop', () => {
        resolve(new Blob(chunks, { type: recorder.mimeType }));
      });
      recorder.stop();
      recorder.stream.getTracks().forEach((track) => {
        track.stop();
      });
    });
  }

  private start({ size, picture }: Scene, mimeType: string): void {
    const own = picture as { readonly width?: unknown; readonly height?: unknown };
    const { width, height } =
      typeof own.width === 'number' && typeof own.height === 'number' ? { width: own.width, height: own.height } : size;
    // Encoders want even sides.
    Object.assign(this.canvas, { width: width + (width % 2), height: height + (height % 2) });
    this.recorder = new MediaRecorder(this.canvas.captureStream(FRAME_RATE), {
      mimeType,
      videoBitsPerSecond: BITS_PER_SECOND,
    });
    this.recorder.addEventListener('dataavailable', ({ data }) => {
      this.chunks.push(data);
    });
    this.recorder.start(CHUNK_MILLISECONDS);
  }
}

function videoType(): string | null {
  if (!('MediaRecorder' in globalThis) || !('captureStream' in HTMLCanvasElement.prototype)) return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

import type { FrameResult } from '../pipeline/frame-result.js';
import type { HelloMessage, ResultMessage } from '../protocol/messages.js';
import { endText, frameText, roundedResult, runText } from '../results/jsonl-text.js';
import { csvText, resultColumns, tableRows } from '../results/result-columns.js';
import type { Column } from '../results/result-columns.js';
import { paintScene } from './stage.js';
import type { Scene } from './stage.js';

/** Lines kept as separate strings before they become one Blob, which a browser may move to disk. */
const LINES_PER_BLOB = 500;

/** Growing text that is not limited by memory. */
class LongText {
  private readonly blobs: Blob[] = [];
  private lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
    if (this.lines.length < LINES_PER_BLOB) return;
    this.blobs.push(new Blob(this.lines));
    this.lines = [];
  }

  blob(type: string, ...last: string[]): Blob {
    return new Blob([...this.blobs, ...this.lines, ...last], { type });
  }
}

/**
 * Records the server's raw results in the formats of `fer annotate`. Times count from the first recorded frame, by capture time. A face keeps its id
 * during a connection; the ids of the next connection continue after those of the last, because nothing links its faces to the earlier ones.
 */
export class Recorder {
  frames = 0;
  private readonly jsonl = new LongText();
  private readonly csv = new LongText();
  private readonly labels: readonly string[];
  private readonly columns: readonly Column[];
  private session: string;
  private firstCapture: number | null = null;
  private lastTimestamp = 0;
  private idOffset = 0;
  private largestId = 0;
  private sessions = 1;

  /** @param name of the recorded input, for the run line */
  constructor(name: string, hello: HelloMessage, settings: Readonly<Record<string, unknown>>) {
    this.labels = hello.model.labels;
    this.columns = resultColumns({ labels: hello.model.labels });
    this.session = hello.session;
    this.jsonl.add(
      runText({
        schemaVersion: 1,
        ferstream: hello.ferstream,
        input: { name, kind: 'live', hash: null, container: null, codec: null, duration: null, expectedFrames: null },
        // Not part of the protocol, but required by the schema of annotations.
        engine: { backend: hello.engine.backend, tfjs: 'unknown', device: hello.engine.device },
        model: hello.model,
        detector: 'unknown',
        settings,
        node: 'browser',
        ffmpeg: null,
      }),
    );
    this.csv.add(csvText([this.columns.map(({ name }) => name)]));
  }

  /** False when the server now has a model with other labels, whose posteriors would not fit the table. */
  fits({ model }: HelloMessage): boolean {
    return model.labels.join('\n') === this.labels.join('\n');
  }

  add({ captureTime, width, height, status, faces }: ResultMessage, { session }: HelloMessage): void {
    if (session !== this.session) {
      this.session = session;
      this.sessions += 1;
      this.idOffset = this.largestId;
    }
    this.firstCapture ??= captureTime;
    this.lastTimestamp = Math.max(this.lastTimestamp, (captureTime - this.firstCapture) / 1000);
    const result: FrameResult = {
      index: this.frames,
      timestamp: this.lastTimestamp,
      width,
      height,
      status,
      faces: faces.map((face) => ({ ...face, trackId: face.trackId + this.idOffset, landmarks: face.landmarks ?? [] })),
    };
    for (const { trackId } of result.faces) this.largestId = Math.max(this.largestId, trackId);
    this.frames += 1;
    this.jsonl.add(frameText(result));
    this.csv.add(csvText(tableRows(roundedResult(result), this.columns)));
  }

  jsonlFile(): Blob {
    const note =
      this.sessions === 1 ? null : `${this.sessions} connections; face ids do not continue from one to the next`;
    return this.jsonl.blob('application/jsonl', endText({ frames: this.frames, degraded: this.sessions > 1, note }));
  }

  csvFile(): Blob {
    return this.csv.blob('text/csv');
  }
}

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
  private hasFailed = false;

  constructor(private readonly choice: FilmChoice) {}

  static get isSupported(): boolean {
    return videoType() !== null;
  }

  add(scene: Scene): void {
    const type = videoType();
    if (this.choice === 'none' || scene.picture === null || type === null || this.hasFailed) return;
    if (this.recorder === null) this.start(scene, type);
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    paintScene(this.context, this.choice === 'plain' ? { ...scene, faces: [], mirrored: false } : scene, this.canvas);
  }

  /** @returns the video; null if no frame came */
  stop(): Promise<Blob | null> {
    const { recorder, chunks } = this;
    if (recorder === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const finish = (): void => {
        resolve(chunks.length === 0 ? null : new Blob(chunks, { type: recorder.mimeType }));
      };
      recorder.addEventListener('stop', finish);
      // An encoder that failed has stopped by itself.
      if (recorder.state === 'inactive') finish();
      else recorder.stop();
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
    const options = { mimeType, videoBitsPerSecond: BITS_PER_SECOND };
    try {
      this.recorder = new MediaRecorder(this.canvas.captureStream(FRAME_RATE), options);
      this.recorder.addEventListener('dataavailable', ({ data }) => {
        if (data.size > 0) this.chunks.push(data);
      });
      this.recorder.start(CHUNK_MILLISECONDS);
    } catch {
      // Without an encoder for this size; results are recorded all the same.
      this.hasFailed = true;
    }
  }
}

function videoType(): string | null {
  if (!('MediaRecorder' in globalThis) || !('captureStream' in HTMLCanvasElement.prototype)) return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

import type { FrameResult } from '../pipeline/frame-result.js';
import { csvHeader, csvRows } from '../output/csv-rows.js';
import { endText, frameText, runText } from '../output/jsonl-text.js';
import type { HelloMessage, ResultMessage } from '../protocol/messages.js';
import { csvText } from './csv-text.js';

/** Lines that are kept as separate texts before they become one Blob, which a browser may move to the disk. */
const LINES_PER_BLOB = 500;

/** Text that grows, without a limit by memory. */
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
 * What the server said, raw, as the files that `fer annotate` writes. Times count from the first recorded frame, by the time of capture. A face keeps its
 * id for as long as a connection lasts; the ids of the next connection follow on those of the one before, as nobody knows who is who.
 */
export class Recorder {
  frames = 0;
  private readonly jsonl = new LongText();
  private readonly csv = new LongText();
  private readonly labels: readonly string[];
  private session: string;
  private firstCapture: number | null = null;
  private lastTimestamp = 0;
  private idOffset = 0;
  private largestId = 0;
  private sessions = 1;

  /** @param name of what is recorded, for the run line */
  constructor(name: string, hello: HelloMessage, settings: Readonly<Record<string, unknown>>) {
    this.labels = hello.model.labels;
    this.session = hello.session;
    this.jsonl.add(
      runText({
        schemaVersion: 1,
        ferstream: hello.ferstream,
        input: { name, kind: 'live', hash: null, container: null, codec: null, duration: null, expectedFrames: null },
        // The protocol does not say what stands here; the words keep the file readable for all that reads annotations.
        engine: { backend: hello.engine.backend, tfjs: 'unknown', device: hello.engine.device },
        model: hello.model,
        detector: 'unknown',
        settings,
        node: 'browser',
        ffmpeg: null,
      }),
    );
    this.csv.add(csvText([csvHeader({ labels: this.labels })]));
  }

  /** False when the server has become another one, whose posteriors would not fit the table. */
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
    this.csv.add(csvText(csvRows(result, { labels: this.labels })));
  }

  jsonlFile(): Blob {
    const note = this.sessions === 1 ? null : `${this.sessions} connections; face ids of one do not go on in the next`;
    return this.jsonl.blob('application/jsonl', endText({ frames: this.frames, degraded: this.sessions > 1, note }));
  }

  csvFile(): Blob {
    return this.csv.blob('text/csv');
  }
}

import type { FrameResult } from '../pipeline/frame-result.js';
import { csvText, resultColumns, tableRows } from '../results/result-columns.js';
import { endText, frameText, roundedResult, runText } from '../results/jsonl-text.js';
import type { Column } from '../results/result-columns.js';
import type { HelloMessage, ResultMessage } from '../protocol/messages.js';

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

import type { Problem, ResultMessage, SkipReason } from '../protocol/index.js';

/** A picture on its way into a session. */
export interface LivePicture {
  readonly sequence: number;
  /** Milliseconds, by the sender's clock. */
  readonly captureTime: number;
  /** Taken over: the caller must not use the bytes again. */
  readonly picture: JpegPicture | RgbPicture;
}

export interface JpegPicture {
  readonly kind: 'jpeg';
  readonly bytes: Uint8Array;
}

export interface RgbPicture {
  readonly kind: 'rgb';
  readonly width: number;
  readonly height: number;
  /** [H, W, 3] */
  readonly data: Uint8Array;
}

/** What becomes of the pictures of one session: exactly one call for each. */
export interface SessionListener {
  /** Landmarks included. */
  onResult(result: ResultMessage): void;
  onSkipped(sequence: number, reason: SkipReason): void;
  onProblem(sequence: number, problem: Problem): void;
}

/** One stream of pictures, with a face follower and a causal clip window of its own. */
export interface LiveSession {
  /** Never blocks. A picture that is still waiting for its turn is skipped in favour of this one. */
  submit(picture: LivePicture): void;
  /** Faces and clips begin anew with the next picture. */
  reset(): void;
  /** Pictures without an answer get none any more. */
  close(): void;
}

export interface EngineDescription {
  readonly model: { readonly name: string; readonly version: string; readonly labels: readonly string[] };
  readonly engine: { readonly backend: string; readonly device: string | null };
}

/** Detection, following and expressions for any number of sessions, which take turns. */
export interface LiveEngine {
  readonly description: EngineDescription;
  /** Pictures of more pixels are refused. */
  readonly maxPixels: number;
  openSession(listener: SessionListener): LiveSession;
  /** Share of its time that is taken, 0..1, over the last seconds. */
  readonly load: number;
  /** For the watchers: tensors held. */
  tensors(): Promise<number>;
  close(): Promise<void>;
}

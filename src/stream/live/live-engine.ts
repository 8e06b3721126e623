import type { Problem } from '../protocol/problem-codes.js';
import type { ResultMessage, SkipReason } from '../protocol/messages.js';

/** A picture submitted to a session. */
export interface LivePicture {
  readonly sequence: number;
  /** Milliseconds, by the sender's clock. */
  readonly captureTime: number;
  /** Moved to the engine: the caller must not use the bytes again. */
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

/** Gets exactly one call for each submitted picture. */
export interface SessionListener {
  /** Landmarks included. */
  onResult(result: ResultMessage): void;
  onSkipped(sequence: number, reason: SkipReason): void;
  onProblem(sequence: number, problem: Problem): void;
}

/** One stream of pictures, with its own tracker and causal clip window. */
export interface LiveSession {
  /** Never blocks. A picture that is still waiting for its turn is skipped in favor of this one. */
  submit(picture: LivePicture): void;
  /** Tracking and clips start again with the next picture. */
  reset(): void;
  /** Pictures without an answer get none. */
  close(): void;
}

export interface EngineDescription {
  readonly model: { readonly name: string; readonly version: string; readonly labels: readonly string[] };
  readonly engine: { readonly backend: string; readonly device: string | null };
}

/** Detection, tracking and expressions for any number of sessions, which take turns. */
export interface LiveEngine {
  readonly description: EngineDescription;
  /** Larger pictures are refused. */
  readonly maxPixels: number;
  openSession(listener: SessionListener): LiveSession;
  /** Share of the last seconds spent working, 0..1. */
  readonly load: number;
  /** Tensors held, for health checks. */
  tensors(): Promise<number>;
  close(): Promise<void>;
}

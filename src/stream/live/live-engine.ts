import { z } from 'zod';
import { parseSettings, pipelineSchema } from '../pipeline/pipeline-settings.js';
import type { Problem, ResultMessage, SkipReason } from '../protocol/messages.js';

const schema = pipelineSchema.extend({
  /** As for recorded footage, but without flip averaging by default: answers must be fast. */
  flipTta: pipelineSchema.shape.flipTta.unwrap().default(false),
  /** Larger pictures are refused. */
  maxPixels: z.int().min(1).max(100_000_000).default(4_000_000),
});

/** Settings of a live engine, complete with defaults. */
export type LiveSettings = z.output<typeof schema>;
/** The same as a user gives them: everything optional. */
export type LiveOptions = z.input<typeof schema>;

/** @throws FerError CONFIG_INVALID naming the setting, and the nearest known one if the name is unknown. */
export function parseLiveOptions(options: LiveOptions): LiveSettings {
  return parseSettings(schema, options);
}

/** A picture submitted to a session. */
export interface LivePicture {
  readonly sequence: number;
  /** Milliseconds, by the sender's clock. */
  readonly captureTime: number;
  /** Moved to the engine: the caller must not use the bytes again. */
  readonly picture: JpegPicture | RgbPicture;
}

interface JpegPicture {
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

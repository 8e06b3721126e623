/** The engines ferstream can compute on, the fastest first: the order in which `auto` tries them. */
export const BACKEND_NAMES = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'] as const;

export type BackendName = (typeof BACKEND_NAMES)[number];

/** An engine that `auto` passed over, and why. */
export interface SkippedBackend {
  readonly name: BackendName;
  /** One line. */
  readonly reason: string;
  /** The one command that installs it; null when it is installed, and `reason` says what to do. */
  readonly mend: string | null;
  /** False when the package is simply not there, true when it is there and does not work. */
  readonly installed: boolean;
}

/** The engine that TensorFlow.js really computes on in this process. */
export interface Backend {
  readonly name: BackendName;
  /** What it computes on, as the engine itself says, e.g. "CPU, SIMD, 1 thread" or "GPU: ..."; null when it does not say. */
  readonly device: string | null;
  /** Version of every @tensorflow package in use. */
  readonly tfjsVersion: string;
  /** One line for a person. */
  readonly description: string;
  /** What `auto` tried before this one; empty when the engine was asked for by name. */
  readonly skipped: readonly SkippedBackend[];
}

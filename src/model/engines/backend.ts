/** The engines ferstream can compute on, the fastest first: the order in which `auto` tries them. */
export const BACKEND_NAMES = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'] as const;

export type BackendName = (typeof BACKEND_NAMES)[number];

/** An engine that `auto` passed over, and why. */
export interface SkippedBackend {
  readonly name: BackendName;
  /** One line. */
  readonly reason: string;
  /** The one command that installs it; null when it is installed, and `reason` says what to do. */
  readonly fix: string | null;
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

/** What an engine reports of itself once it runs. */
export interface OpenedEngine {
  readonly device: string | null;
  /** Library under TensorFlow.js, e.g. "libtensorflow 2.9.1"; null when there is none. */
  readonly library: string | null;
}

/** Why an engine is being opened. */
export interface OpenRequest {
  /** True when the user asked for it by name; false when `auto` wants something that is likely to be fast. */
  readonly byName: boolean;
}

/** One way to compute: how to load it, and how to tell that it is really the one that computes. */
export interface Engine {
  readonly name: BackendName;
  /** The name under which TensorFlow.js registers it. */
  readonly tfjsName: string;
  /** The one command that installs it. */
  readonly install: string;
  /**
   * Loads and selects it. Called at most once at a time; may be called again after a failure.
   * @throws EngineMissing when its packages are not installed.
   * @throws FerError BACKEND_UNAVAILABLE when it is installed and does not work, BACKEND_MISMATCH when it fell back.
   */
  open(request: OpenRequest): Promise<OpenedEngine>;
  /** Whether TensorFlow.js' own record of a tensor shows the data inside this engine. */
  holds(dataId: object): boolean;
}

/** The engine's packages are not installed: nothing is broken, there is just nothing to use. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';
}

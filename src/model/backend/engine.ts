import type { BackendName } from './backend.js';

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

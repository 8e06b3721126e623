/** Engines of TensorFlow.js, which also train, the fastest first: the order in which `auto` tries them. */
export const TFJS_BACKENDS = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'] as const;

/** onnxruntime, for finished networks, by device. */
const ONNX_BACKENDS = [
  'onnxruntime',
  'onnxruntime-cuda',
  'onnxruntime-coreml',
  'onnxruntime-dml',
  'onnxruntime-webgpu',
] as const;

/** The engines ferstream can compute on. */
export const BACKEND_NAMES = [...ONNX_BACKENDS, ...TFJS_BACKENDS] as const;

export type TfjsBackend = (typeof TFJS_BACKENDS)[number];
export type OnnxBackend = (typeof ONNX_BACKENDS)[number];
export type BackendName = TfjsBackend | OnnxBackend;

/** Narrows a name to the engines that run finished networks only. */
export function isOnnxBackend(name: string): name is OnnxBackend {
  return (ONNX_BACKENDS as readonly string[]).includes(name);
}

/** Whether threads have to open the engine one after the other: libtensorflow's binding cannot be loaded by two at the same time. */
export function opensInTurn(name: BackendName): boolean {
  return name === 'tfjs-node' || name === 'tfjs-node-gpu';
}

/** An engine that `auto` skipped, and why. */
export interface SkippedBackend {
  readonly name: BackendName;
  /** One line. */
  readonly reason: string;
  /** Command that installs it; null when it is installed and `reason` says what to do. */
  readonly fix: string | null;
  /** False when the package is missing, true when it is installed but does not work. */
  readonly installed: boolean;
}

/** The engine that really computes in this process. */
export interface Backend {
  readonly name: BackendName;
  /** Device as the engine reports it, e.g. "CPU, SIMD, 1 thread" or "GPU: ..."; null when unknown. */
  readonly device: string | null;
  /** Version of every @tensorflow package in use. */
  readonly tfjsVersion: string;
  /** One line for display. */
  readonly description: string;
  /** Engines that `auto` tried first; empty when the engine was chosen by name. */
  readonly skipped: readonly SkippedBackend[];
}

/** A started engine. */
export interface OpenedEngine {
  readonly device: string | null;
  /** Library under TensorFlow.js, e.g. "libtensorflow 2.9.1"; null when there is none. */
  readonly library: string | null;
}

/** Why an engine is being opened. */
export interface OpenRequest {
  /** True when the user chose it by name; false for `auto`, which wants a fast one. */
  readonly byName: boolean;
}

/** How to load an engine, and how to verify that it computes. */
export interface Engine {
  readonly name: TfjsBackend;
  /** The name under which TensorFlow.js registers it. */
  readonly tfjsName: string;
  /** Command that installs it. */
  readonly install: string;
  /**
   * Loads and selects it. Called at most once at a time; may be called again after a failure.
   * @throws EngineMissing when its packages are not installed.
   * @throws FerError BACKEND_UNAVAILABLE when it is installed and does not work, BACKEND_MISMATCH when it fell back.
   */
  open(request: OpenRequest): Promise<OpenedEngine>;
  /** Whether this engine holds the data of a tensor. */
  holds(dataId: object): boolean;
}

/** The engine's packages are not installed. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';
}

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { FerError } from '../../errors/fer-error.js';
import type { Backend, OnnxBackend } from './backend.js';
import { findPackage, tfjsVersion } from './packages.js';

const PACKAGE = 'onnxruntime-node';
/** Without the setting, the installer downloads CUDA libraries from NuGet on Linux x64. docs/engines.md */
export const ONNXRUNTIME_INSTALL = `npm install ${PACKAGE} --onnxruntime-node-install=skip`;

/** onnxruntime's name for each kind of device. */
const PROVIDERS: Readonly<Record<OnnxBackend, string>> = {
  onnxruntime: 'cpu',
  'onnxruntime-cuda': 'cuda',
  'onnxruntime-coreml': 'coreml',
  'onnxruntime-dml': 'dml',
  'onnxruntime-webgpu': 'webgpu',
};

/** The part of onnxruntime-node that is used here. */
interface Binding {
  readonly InferenceSession: {
    create(file: Uint8Array | string, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OnnxTensor;
  readonly listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[];
}

interface OnnxTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** A graph as onnxruntime runs it. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** onnxruntime, loaded. */
export interface OnnxRuntime {
  readonly backend: Backend;
  /** What its results depend on besides the network: version, device and machine. */
  readonly build: string;
  /** @param file content, or path */
  createSession(file: Uint8Array | string): Promise<OnnxSession>;
  tensor(data: Float32Array, shape: readonly number[]): OnnxTensor;
}

/** Whether the package is installed. */
export function isOnnxRuntimeInstalled(): boolean {
  return findPackage(PACKAGE) !== null;
}

/**
 * Loads onnxruntime; what its devices compute is checked when networks are opened.
 * @param options.threads of each network; default: all cores
 * @throws FerError BACKEND_UNAVAILABLE when it is not installed, cannot be loaded, or was built without this kind of device
 */
export function openOnnxRuntime(
  name: OnnxBackend,
  { threads = availableParallelism() }: { readonly threads?: number } = {},
): OnnxRuntime {
  const found = findPackage(PACKAGE);
  if (found === null) {
    throw new FerError(
      'BACKEND_UNAVAILABLE',
      `${name} cannot be used: ${PACKAGE} is not installed; run: ${ONNXRUNTIME_INSTALL}`,
    );
  }
  const { InferenceSession, Tensor, listSupportedBackends } = load(found.entry, found.folder);
  const provider = PROVIDERS[name];
  const supported = listSupportedBackends?.().map((one) => one.name) ?? ['cpu'];
  if (!supported.includes(provider)) {
    throw new FerError(
      'BACKEND_UNAVAILABLE',
      `${name} cannot be used: ${PACKAGE} ${found.version} for ${process.platform} ${process.arch} has ${supported.join(', ')}; use --backend onnxruntime`,
    );
  }
  const device = provider === 'cpu' ? `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : provider;
  const options = {
    // No second choice: a device that cannot be opened is an error, not a slow run.
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Errors only: every start would warn of cores it may not pin threads to.
    logSeverityLevel: 3,
    // Threads that wait for work sleep: decoding and the work between two networks need the cores.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
  return {
    backend: {
      name,
      device,
      tfjsVersion: tfjsVersion(),
      description: `${name} on ${device} (${PACKAGE} ${found.version})`,
      skipped: [],
    },
    build: `${PACKAGE} ${found.version} ${provider} ${process.platform} ${process.arch}`,
    createSession: (file) => InferenceSession.create(file, options),
    tensor: (data, shape) => new Tensor('float32', data, shape),
  };
}

function load(entry: string, folder: string): Binding {
  try {
    return createRequire(entry)(entry) as Binding;
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    throw new FerError(
      'BACKEND_UNAVAILABLE',
      `${PACKAGE} is installed in ${folder} but cannot be loaded (${why}); reinstall it: ${ONNXRUNTIME_INSTALL}`,
      { cause: error },
    );
  }
}

import { FerError } from '../../errors/fer-error.js';
import { isOnnxBackend } from '../engines/backend.js';
import type { Backend, BackendName, OnnxBackend } from '../engines/backend.js';
import { isOnnxRuntimeInstalled, openOnnxRuntime } from '../engines/onnxruntime.js';
import { currentBackend, openBackend, printToStderr, wantedBackend } from '../engines/open-backend.js';
import type { OpenBackendOptions } from '../engines/open-backend.js';
import type { OpenSession } from './network.js';
import { onnxSessions } from './onnx-session.js';
import { openTfjsSession } from './tfjs-session.js';

export interface InferenceOptions extends OpenBackendOptions {
  /** Threads of each network on onnxruntime; default: all cores. */
  readonly threads?: number | undefined;
}

/** An engine, and what was loaded on it. */
export interface LoadedOnEngine<T> {
  readonly backend: Backend;
  /** Opens further networks on it. */
  readonly open: OpenSession;
  readonly loaded: T;
}

/**
 * Opens an engine for finished networks and loads them on it. `auto` takes onnxruntime where it is installed and computes what
 * TensorFlow.js does, else the first engine of TensorFlow.js that works.
 * @param load loads everything through `open`, on the engine of that name; called again when onnxruntime turns out not to work
 * @throws FerError as `openBackend`; BACKEND_UNAVAILABLE when a network gives other results on onnxruntime, chosen by name
 */
export async function loadForInference<T>(
  { backend, warn = printToStderr, threads }: InferenceOptions,
  load: (open: OpenSession, engine: BackendName) => Promise<T>,
): Promise<LoadedOnEngine<T>> {
  const wanted = wantedBackend(backend);
  if (isOnnxBackend(wanted)) return loadOnOnnxRuntime(wanted, threads, load);
  // A program that has opened an engine of TensorFlow.js means that one.
  if (wanted === 'auto' && currentBackend() === null && isOnnxRuntimeInstalled()) {
    try {
      return await loadOnOnnxRuntime('onnxruntime', threads, load);
    } catch (error) {
      if (!(error instanceof FerError) || error.code !== 'BACKEND_UNAVAILABLE') throw error;
      warn(`ferstream: skipping onnxruntime: ${error.message}`);
    }
  }
  const tfjs = await openBackend({ backend: wanted, warn });
  return { backend: tfjs, open: openTfjsSession, loaded: await load(openTfjsSession, tfjs.name) };
}

async function loadOnOnnxRuntime<T>(
  name: OnnxBackend,
  threads: number | undefined,
  load: (open: OpenSession, engine: BackendName) => Promise<T>,
): Promise<LoadedOnEngine<T>> {
  const runtime = openOnnxRuntime(name, threads === undefined ? {} : { threads });
  const open = onnxSessions(runtime);
  return { backend: runtime.backend, open, loaded: await load(open, name) };
}

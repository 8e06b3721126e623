import { tf } from '../tfjs.js';
import { FerError, closest } from '../../errors/fer-error.js';
import { BACKEND_NAMES, EngineMissing, TFJS_BACKENDS, isOnnxBackend } from './backend.js';
import type { Backend, BackendName, Engine, OpenedEngine, SkippedBackend, TfjsBackend } from './backend.js';
import { nativeCpuEngine, nativeGpuEngine } from './native-engine.js';
import { proveEngine } from './prove-engine.js';
import { assertOwnPackagesAgree, tfjsVersion } from './packages.js';
import { wasmEngine } from './wasm-engine.js';
import { webgpuEngine } from './webgpu-engine.js';

const ENGINES: Readonly<Record<TfjsBackend, Engine>> = {
  'tfjs-node-gpu': nativeGpuEngine,
  'tfjs-node': nativeCpuEngine,
  webgpu: webgpuEngine,
  wasm: wasmEngine,
};

export interface OpenBackendOptions {
  /** Engine; `auto` takes the first that is installed and works. Default: FERSTREAM_BACKEND, else `auto`. */
  readonly backend?: BackendName | 'auto' | undefined;
  /** Called with one line for each installed engine that does not work. Default: prints to stderr. */
  readonly warn?: (line: string) => void;
}

const opened = new Map<TfjsBackend, Backend>();
let current: TfjsBackend | null = null;
let last: Promise<unknown> = Promise.resolve();

/**
 * Starts an engine of TensorFlow.js in this process and verifies that it computes.
 * Calling it again is cheap: the same name gives the same object, `auto` keeps the engine that is already open, and
 * another name switches to that engine (tfjs-node and tfjs-node-gpu exclude each other within a process).
 * @throws FerError BACKEND_UNAVAILABLE when the engine is not installed or does not work, BACKEND_MISMATCH when
 *   TensorFlow.js fell back to another one, CONFIG_INVALID for an unknown name.
 */
export function openBackend(options: OpenBackendOptions = {}): Promise<Backend> {
  return inTurn(() => open(options));
}

/** Opens wasm unless TensorFlow.js has an engine: for what it does beside onnxruntime. It does not become the engine that a program has chosen. */
export function needTensorFlow(): Promise<void> {
  return inTurn(async () => {
    // TensorFlow.js declares that there is always one.
    if ((tf.getBackend() as string | undefined | null) != null) return;
    await open({ backend: 'wasm' });
    current = null;
  });
}

/** One switch at a time: TensorFlow.js has a single current engine, and two overlapping switches would leave either. */
function inTurn<T>(change: () => Promise<T>): Promise<T> {
  const next = last.then(change);
  last = next.catch(() => undefined);
  return next;
}

/** The current engine; null before the first `openBackend`. */
export function currentBackend(): Backend | null {
  return current === null ? null : (opened.get(current) ?? null);
}

/** @throws FerError CONFIG_INVALID unless `name` is `auto` or the name of an engine. `origin` names the setting in errors. */
export function parseBackendName(name: string, origin: string): BackendName | 'auto' {
  const known = ['auto', ...BACKEND_NAMES] as const;
  const match = known.find((candidate) => candidate === name);
  if (match !== undefined) return match;
  throw new FerError(
    'CONFIG_INVALID',
    `${origin}: unknown engine "${name}"; did you mean ${closest(name, known)}? (${known.join(', ')})`,
  );
}

/** Opens an engine of TensorFlow.js for what only it can do: the one that is asked for, else, where that is onnxruntime, the fastest that works. */
export async function openTfjsBackend(backend: BackendName | 'auto' | undefined): Promise<Backend> {
  const wanted = wantedBackend(backend);
  return openBackend({ backend: isOnnxBackend(wanted) ? 'auto' : wanted });
}

/** The engine requested by an option or by FERSTREAM_BACKEND. @throws FerError CONFIG_INVALID */
export function wantedBackend(option: BackendName | 'auto' | undefined): BackendName | 'auto' {
  const fromEnvironment = process.env['FERSTREAM_BACKEND'];
  // Callers from JavaScript are not held by the type.
  if (option !== undefined) return parseBackendName(option, 'backend');
  return fromEnvironment ? parseBackendName(fromEnvironment, 'FERSTREAM_BACKEND') : 'auto';
}

async function open({ backend, warn = printToStderr }: OpenBackendOptions): Promise<Backend> {
  const wanted = wantedBackend(backend);
  assertOwnPackagesAgree();
  if (wanted === 'auto') return current === null ? openFirst(warn) : openNamed(current);
  if (isOnnxBackend(wanted)) {
    throw new FerError(
      'CONFIG_INVALID',
      `${wanted} only runs finished networks (annotate, live, evaluate, dataset prepare); choose one of TensorFlow.js: auto, ${TFJS_BACKENDS.join(', ')}`,
    );
  }
  return openNamed(wanted);
}

async function openNamed(name: TfjsBackend): Promise<Backend> {
  const engine = ENGINES[name];
  const known = opened.get(name);
  if (known) {
    if (tf.getBackend() !== engine.tfjsName) await tf.setBackend(engine.tfjsName);
    current = name;
    return known;
  }
  const before = current;
  try {
    return remember(engine, await start(engine, true), []);
  } catch (error) {
    await restore(before);
    if (error instanceof EngineMissing) {
      throw new FerError('BACKEND_UNAVAILABLE', `${name} cannot be used: ${error.message}; run: ${engine.install}`, {
        cause: error,
      });
    }
    throw error;
  }
}

async function openFirst(warn: (line: string) => void): Promise<Backend> {
  const skipped: SkippedBackend[] = [];
  for (const name of TFJS_BACKENDS) {
    const engine = ENGINES[name];
    try {
      return remember(engine, await start(engine, false), skipped);
    } catch (error) {
      const installed = !(error instanceof EngineMissing);
      const reason = error instanceof Error ? error.message : String(error);
      skipped.push({ name, reason, installed, fix: installed ? null : engine.install });
      if (installed) warn(`ferstream: skipping ${name}: ${reason}`);
    }
  }
  throw new FerError(
    'BACKEND_UNAVAILABLE',
    `no engine works here: ${skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`,
  );
}

async function start(engine: Engine, byName: boolean): Promise<OpenedEngine> {
  const result = await engine.open({ byName });
  await tf.ready();
  await proveEngine(engine);
  return result;
}

function remember(engine: Engine, { device, library }: OpenedEngine, skipped: readonly SkippedBackend[]): Backend {
  const tfjs = tfjsVersion();
  const parts = [`TensorFlow.js ${tfjs}`, ...(library === null ? [] : [library])].join(', ');
  const description = `${engine.name} on ${device ?? 'an unnamed device'} (${parts})`;
  const backend: Backend = { name: engine.name, device, tfjsVersion: tfjs, description, skipped };
  opened.set(engine.name, backend);
  current = engine.name;
  return backend;
}

/** Returns to the previous engine after a failed switch. */
async function restore(name: TfjsBackend | null): Promise<void> {
  if (name !== null) await tf.setBackend(ENGINES[name].tfjsName);
}

export function printToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

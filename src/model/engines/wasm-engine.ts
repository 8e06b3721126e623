import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type * as wasmBackend from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { EngineMissing } from './backend.js';
import type { Engine, OpenedEngine } from './backend.js';
import { findOwnPackage, assertSameVersion, tfjsVersion } from './packages.js';
import { installTrainingKernels } from './kernels/training-kernels.js';

const PACKAGE = '@tensorflow/tfjs-backend-wasm';
let pathsSet = false;

/** WebAssembly with SIMD, one thread: part of ferstream, works wherever Node does. */
export const wasmEngine: Engine = {
  name: 'wasm',
  tfjsName: 'wasm',
  install: `npm install ${PACKAGE}@${tfjsVersion()}`,

  async open(): Promise<OpenedEngine> {
    const found = findOwnPackage(PACKAGE);
    if (!found) throw new EngineMissing(`${PACKAGE} is not installed`);
    assertSameVersion([found]);
    // Registers itself with the core. `require` for the reason given in tfjs.ts.
    const { setThreadsCount, setWasmPaths } = createRequire(import.meta.url)(PACKAGE) as typeof wasmBackend;
    if (!pathsSet) {
      setWasmPaths(dirname(found.entry) + sep);
      // tfjs turns threads off in Node anyway; forced on they were slower whenever a core was busy. Use processes instead.
      tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      setThreadsCount(1);
      pathsSet = true;
      installTrainingKernels();
    }
    if (!(await withoutThrowingListeners(() => tf.setBackend('wasm')))) {
      throw new FerError('BACKEND_UNAVAILABLE', `wasm could not be started by TensorFlow.js; run: ${this.install}`);
    }
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    return { device: simd === true ? 'CPU, SIMD, 1 thread' : 'CPU, no SIMD, 1 thread', library: null };
  },

  holds(dataId: object): boolean {
    const backend = tf.backend() as unknown as {
      wasm?: unknown;
      dataIdMap?: { has(id: object): boolean; get(id: object): { memoryOffset: number | null } };
    };
    if (backend.wasm === undefined || backend.dataIdMap?.has(dataId) !== true) return false;
    return backend.dataIdMap.get(dataId).memoryOffset !== null;
  },
};

/** Errors that nobody caught. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Loads something without its listeners for errors that nobody caught. Emscripten adds one for each kind, which throws the error again: it would end a
 * process whose own listeners had dealt with it, and hide from a test runner which test it came from.
 * @param load its listeners are told from those that others add meanwhile by what they do
 */
async function withoutThrowingListeners<T>(load: () => Promise<T>): Promise<T> {
  const before = EVENTS.map((event) => process.rawListeners(event));
  try {
    return await load();
  } finally {
    for (const [i, event] of EVENTS.entries())
      for (const listener of process.rawListeners(event))
        if (!before[i]!.includes(listener) && /\bthrow\b/.test(String(listener)))
          process.off(event, listener as (error: unknown) => void);
  }
}

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { EngineMissing } from './backend.js';
import { checkConvolutions } from './checked-convolutions.js';
import type { Engine, OpenRequest, OpenedEngine } from './backend.js';
import { requireWithOneEngine } from './require-engine.js';
import { findPackage, assertSameVersion, tfjsVersion } from './packages.js';
import { isEngineRegistered } from './prove-engine.js';

/** The part of tfjs-node's backend that tells where it computes. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
  readonly tensorMap?: { has(dataId: object): boolean; get(dataId: object): { readonly id: number } };
}

/** The package whose libtensorflow this process has loaded. Two of them in one process crash, so the first one stays. */
let loaded: string | null = null;
/** Tells worker threads which one that is. */
const LOADED = 'ferstream: package of libtensorflow';

/** TensorFlow's C library on the CPU. */
export const nativeCpuEngine: Engine = nativeEngine('tfjs-node', '@tensorflow/tfjs-node', false);

/** The same on an NVIDIA card. */
export const nativeGpuEngine: Engine = nativeEngine('tfjs-node-gpu', '@tensorflow/tfjs-node-gpu', true);

function nativeEngine(name: 'tfjs-node' | 'tfjs-node-gpu', packageName: string, needsGpu: boolean): Engine {
  const install = `npm install ${packageName}@${tfjsVersion()}`;

  return {
    name,
    tfjsName: 'tensorflow',
    install,

    async open(request: OpenRequest): Promise<OpenedEngine> {
      const ofProcess = getEnvironmentData(LOADED) as string | undefined;
      if (loaded === null) load(needsGpu ? packageName : (ofProcess ?? packageName), install);
      else if (loaded !== packageName && (needsGpu || request.byName)) {
        if (!findPackage(packageName)) throw new EngineMissing(`${packageName} is not installed`);
        throw new FerError(
          'BACKEND_UNAVAILABLE',
          `${name} cannot be opened in a process that has loaded ${loaded}: start a new process for it`,
        );
      }
      if (!(await tf.setBackend('tensorflow'))) {
        throw new FerError(
          'BACKEND_UNAVAILABLE',
          `${packageName} is loaded but TensorFlow could not be started; reinstall it: ${install}`,
        );
      }
      const backend = tf.backend() as unknown as NativeBackend;
      const onGpu = backend.isUsingGpuDevice === true;
      if (needsGpu && !onGpu) {
        throw new FerError(
          'BACKEND_MISMATCH',
          `${packageName} sees no GPU and fell back to the CPU (driver missing, or CUDA and cuDNN of other versions than libtensorflow ${backend.binding?.TF_Version ?? ''} wants); see docs/engines.md, or use --backend tfjs-node`,
        );
      }
      return {
        device: onGpu ? await gpuName() : 'CPU',
        library: describeLibrary(backend.binding?.TF_Version, packageName),
      };
    },

    holds(dataId: object): boolean {
      const { binding, tensorMap } = tf.backend() as unknown as NativeBackend;
      // Every handle TensorFlow owns has an id >= 0; values still waiting in JavaScript have -1.
      return binding !== undefined && tensorMap?.has(dataId) === true && tensorMap.get(dataId).id >= 0;
    },
  };
}

function load(packageName: string, install: string): void {
  const found = findPackage(packageName);
  if (!found) throw new EngineMissing(`${packageName} is not installed`);
  assertSameVersion([found]);
  // libtensorflow reports at level "info" on every start; warnings (a missing CUDA library) stay visible.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
  try {
    requireWithOneEngine(found);
  } catch (error) {
    if (isEngineRegistered('tensorflow')) tf.removeBackend('tensorflow');
    const why = firstLine(error);
    throw new FerError(
      'BACKEND_UNAVAILABLE',
      `${packageName} is installed in ${found.folder} but cannot be loaded (${why}); reinstall it: ${install}`,
      {
        cause: error,
      },
    );
  }
  if (!isEngineRegistered('tensorflow')) {
    throw new FerError(
      'BACKEND_MISMATCH',
      `${packageName} was loaded from ${found.folder} but registered no engine with TensorFlow.js; reinstall it: ${install}`,
    );
  }
  checkConvolutions('tensorflow');
  loaded = packageName;
  setEnvironmentData(LOADED, packageName);
}

/** Names the package when its libtensorflow serves another engine: the GPU package without a GPU is a CPU engine. */
function describeLibrary(version: string | undefined, packageName: string): string | null {
  const library = version === undefined ? null : `libtensorflow ${version}`;
  return loaded === packageName || loaded === null ? library : `${library ?? 'libtensorflow'} of ${loaded}`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').trim().replace(/[.;]$/, '');
}

/** "GPU: NVIDIA ..." where the driver's tool names exactly one, else "GPU". */
async function gpuName(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {
      timeout: 3000,
    });
    const names = stdout.trim().split('\n');
    return names.length === 1 && names[0] ? `GPU: ${names[0]}` : 'GPU';
  } catch {
    return 'GPU';
  }
}

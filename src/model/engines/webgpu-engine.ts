import { pathToFileURL } from 'node:url';
import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { EngineMissing } from './backend.js';
import type { Engine, OpenRequest, OpenedEngine } from './backend.js';
import { requireWithOneEngine } from './require-engine.js';
import { findPackage, assertSameVersion, tfjsVersion } from './packages.js';
import { isEngineRegistered } from './prove-engine.js';

const DAWN = 'webgpu';
const TFJS = '@tensorflow/tfjs-backend-webgpu';

/** An adapter's description; empty strings where the driver gives none. */
interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

interface Gpu {
  requestAdapter(options?: { powerPreference: 'high-performance' }): Promise<{ readonly info: AdapterInfo } | null>;
}

/** The `webgpu` package: Chromium's WebGPU implementation as a Node addon. */
interface Dawn {
  readonly create: (options: string[]) => Gpu;
  readonly globals: Record<string, unknown>;
}

/** Held for as long as the process lives: Dawn frees the GPU when this object is collected. */
let gpu: Gpu | null = null;

/** The GPU through Vulkan, Metal or Direct3D 12, without CUDA. Results can be read with `await tensor.data()` only. */
export const webgpuEngine: Engine = {
  name: 'webgpu',
  tfjsName: 'webgpu',
  install: `npm install ${DAWN} ${TFJS}@${tfjsVersion()}`,

  async open({ byName }: OpenRequest): Promise<OpenedEngine> {
    const dawn = findPackage(DAWN);
    const tfjs = findPackage(TFJS);
    const missing = [...(dawn ? [] : [DAWN]), ...(tfjs ? [] : [TFJS])];
    if (!dawn || !tfjs)
      throw new EngineMissing(`${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not installed`);
    assertSameVersion([tfjs]);

    gpu ??= await startDawn(dawn.entry, this.install);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) {
      throw new FerError(
        'BACKEND_UNAVAILABLE',
        'webgpu finds no graphics adapter: install the GPU driver (Vulkan on Linux), or use --backend wasm',
      );
    }
    const device = describe(adapter.info);
    if (!byName && isSoftware(adapter.info)) {
      throw new FerError(
        'BACKEND_UNAVAILABLE',
        `webgpu finds only a software renderer (${device}), far slower than wasm; --backend webgpu forces it`,
      );
    }
    // The backend registers itself when it is loaded and `navigator.gpu` is there by then.
    if (!isEngineRegistered('webgpu')) requireWithOneEngine(tfjs);
    if (!(await tf.setBackend('webgpu'))) {
      throw new FerError(
        'BACKEND_UNAVAILABLE',
        `webgpu could not be started on ${device}; update the GPU driver, or use --backend wasm`,
      );
    }
    return { device, library: `Dawn ${dawn.version}` };
  },

  holds(dataId: object): boolean {
    const { tensorMap } = tf.backend() as unknown as {
      tensorMap?: { has(id: object): boolean; get(id: object): { readonly resource?: unknown } };
    };
    return tensorMap?.has(dataId) === true && tensorMap.get(dataId).resource != null;
  },
};

async function startDawn(entry: string, install: string): Promise<Gpu> {
  try {
    const dawn = (await import(pathToFileURL(entry).href)) as Dawn;
    Object.assign(globalThis, dawn.globals);
    const created = dawn.create([]);
    offerNavigatorGpu(created);
    return created;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new FerError(
      'BACKEND_UNAVAILABLE',
      `webgpu is installed but cannot be loaded (${why}); reinstall it: ${install}`,
      { cause: error },
    );
  }
}

/** Node 20 has no `navigator`; later ones have one without `gpu`. */
function offerNavigatorGpu(value: Gpu): void {
  const existing = (globalThis as { navigator?: object }).navigator;
  if (existing) Object.defineProperty(existing, 'gpu', { value, configurable: true });
  else {
    const navigator = { gpu: value, userAgent: `Node.js/${process.versions.node.split('.')[0] ?? ''}` };
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  }
}

function isSoftware(info: AdapterInfo): boolean {
  return /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(describe(info));
}

function describe({ vendor, architecture, device, description }: AdapterInfo): string {
  return `GPU: ${[vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed'}`;
}
